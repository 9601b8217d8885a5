// SPDX-License-Identifier: LGPL-2.1-or-later
/* Interrupts towards the driver. */
#include "handle.h"
#include "sys.h"

int pciem_msi(struct pciem *handle, uint64_t address, uint32_t data)
{
	struct pciem_msi msi = { .size = sizeof(msi), .data = data, .address = address };

	return pciem_sys_ioctl(handle->fd, PCIEM_MSI, &msi);
}

int pciem_intx(struct pciem *handle, unsigned int line, bool level)
{
	struct pciem_intx intx = { .size = sizeof(intx), .line = line, .level = level };

	return pciem_sys_ioctl(handle->fd, PCIEM_INTX, &intx);
}
