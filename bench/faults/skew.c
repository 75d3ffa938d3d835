/* Moves CLOCK_REALTIME for one process: the nanoseconds in the file that SKEW_FILE names are added
 * to it, as they stand at each call. Monotonic clocks, sleeps and timers stay as they are.
 * (libfaketime 0.9.10 makes CPython's time.sleep fail: clock_nanosleep with TIMER_ABSTIME.) */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static const volatile int64_t *offset;

__attribute__((constructor)) static void attach(void)
{
	const char *path = getenv("SKEW_FILE");
	int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *page = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);

	if (page == MAP_FAILED)
		_exit(97);
	offset = page;
	close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int failed = syscall(SYS_clock_gettime, clock, now);

	if (!failed && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
		int64_t moved = now->tv_sec * SECOND + now->tv_nsec + *offset;

		now->tv_sec = moved / SECOND;
		now->tv_nsec = moved % SECOND;
	}
	return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec fine;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &fine);
	now->tv_sec = fine.tv_sec;
	now->tv_usec = fine.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *now)
{
	struct timespec fine;

	clock_gettime(CLOCK_REALTIME, &fine);
	if (now)
		*now = fine.tv_sec;
	return fine.tv_sec;
}
