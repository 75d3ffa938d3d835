/* A reader for the real pcscd that passes escape commands on to a Unix socket, which vpcd's own
 * driver does not. It has no slot for cards. Each way: a 16-bit big-endian length, then as many
 * bytes. The socket's path is the device name in pcscd's configuration. */

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <ifdhandler.h>
#include <reader.h>

static struct sockaddr_un place = {.sun_family = AF_UNIX};

static int all(int link, unsigned char *data, size_t length, int sending)
{
    while (length > 0) {
        ssize_t done = sending ? write(link, data, length) : read(link, data, length);
        if (done <= 0)
            return 0;
        data += done;
        length -= (size_t)done;
    }
    return 1;
}

static RESPONSECODE exchange(int link, unsigned char *out, DWORD size, unsigned char *in, DWORD room,
                             DWORD *got)
{
    unsigned char length[2] = {(unsigned char)(size >> 8), (unsigned char)size};

    if (!all(link, length, 2, 1) || !all(link, out, size, 1) || !all(link, length, 2, 0))
        return IFD_COMMUNICATION_ERROR;
    size = (DWORD)(length[0] << 8 | length[1]);
    if (size > room || !all(link, in, size, 0))
        return IFD_COMMUNICATION_ERROR;
    *got = size;
    return IFD_SUCCESS;
}

RESPONSECODE IFDHControl(DWORD lun, DWORD code, unsigned char *out, DWORD size, unsigned char *in,
                         DWORD room, DWORD *got)
{
    RESPONSECODE result = IFD_COMMUNICATION_ERROR;
    int link;

    (void)lun;
    *got = 0;
    if (code != SCARD_CTL_CODE(1))
        return IFD_ERROR_NOT_SUPPORTED;
    link = socket(AF_UNIX, SOCK_STREAM, 0);
    if (link < 0)
        return result;
    if (connect(link, (struct sockaddr *)&place, sizeof place) == 0)
        result = exchange(link, out, size, in, room, got);
    close(link);
    return result;
}

RESPONSECODE IFDHCreateChannelByName(DWORD lun, char *name)
{
    (void)lun;
    if (strlen(name) >= sizeof place.sun_path)
        return IFD_COMMUNICATION_ERROR;
    strcpy(place.sun_path, name);
    return IFD_SUCCESS;
}

RESPONSECODE IFDHCreateChannel(DWORD lun, DWORD channel)
{
    (void)lun, (void)channel;
    return IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHCloseChannel(DWORD lun)
{
    (void)lun;
    return IFD_SUCCESS;
}

RESPONSECODE IFDHGetCapabilities(DWORD lun, DWORD tag, DWORD *length, unsigned char *value)
{
    (void)lun;
    if (tag != TAG_IFD_SLOTS_NUMBER || *length < 1)
        return IFD_ERROR_TAG;
    *length = 1;
    *value = 1;
    return IFD_SUCCESS;
}

RESPONSECODE IFDHSetCapabilities(DWORD lun, DWORD tag, DWORD length, unsigned char *value)
{
    (void)lun, (void)tag, (void)length, (void)value;
    return IFD_ERROR_TAG;
}

RESPONSECODE IFDHSetProtocolParameters(DWORD lun, DWORD protocol, unsigned char flags,
                                       unsigned char a, unsigned char b, unsigned char c)
{
    (void)lun, (void)protocol, (void)flags, (void)a, (void)b, (void)c;
    return IFD_SUCCESS;
}

RESPONSECODE IFDHPowerICC(DWORD lun, DWORD action, unsigned char *atr, DWORD *length)
{
    (void)lun, (void)action, (void)atr;
    *length = 0;
    return IFD_ERROR_POWER_ACTION;
}

RESPONSECODE IFDHTransmitToICC(DWORD lun, SCARD_IO_HEADER send, unsigned char *out, DWORD size,
                               unsigned char *in, DWORD *room, PSCARD_IO_HEADER receive)
{
    (void)lun, (void)send, (void)out, (void)size, (void)in, (void)receive;
    *room = 0;
    return IFD_ICC_NOT_PRESENT;
}

RESPONSECODE IFDHICCPresence(DWORD lun)
{
    (void)lun;
    return IFD_ICC_NOT_PRESENT;
}
