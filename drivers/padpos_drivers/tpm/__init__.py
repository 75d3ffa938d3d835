"""A signing key that never leaves a TPM 2.0 (TCG TPM 2.0 Library, ISO/IEC 11889)."""
