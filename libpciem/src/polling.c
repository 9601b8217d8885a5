// SPDX-License-Identifier: LGPL-2.1-or-later
#include "polling.h"

/*
 * The end of a sleep is seen only after the wake-up, which takes this long on a slow (virtual)
 * machine: an arrival seen at limit + WAKEUP_NS can have come within the limit.
 */
#define WAKEUP_NS	50000

/* A window smaller than limit / SMALLEST is none; growth starts there. */
#define SMALLEST	8

#define FIRST_BACKOFF	16
#define LAST_BACKOFF	1024

void pciem_polling_init(struct polling *polling, uint64_t limit)
{
	*polling = (struct polling) { .limit = limit };
}

uint64_t pciem_polling_window(const struct polling *polling)
{
	return polling->skip ? 0 : polling->window;
}

void pciem_polling_caught(struct polling *polling)
{
	polling->backoff = 0;
}

static void grow(struct polling *polling)
{
	uint64_t wider = polling->window ? polling->window * 2 : polling->limit / SMALLEST;

	if (!wider || wider > polling->limit)
		wider = polling->limit;
	polling->window = wider;
}

static void shrink(struct polling *polling)
{
	polling->window /= 2;
	if (polling->window < polling->limit / SMALLEST)
		polling->window = 0;
}

/*
 * Arrivals come soon and yet even the widest window does not see them: most likely the driver runs
 * on this very CPU and can issue nothing while we look. Leave off for a while, longer each time,
 * until a look succeeds again.
 */
static void back_off(struct polling *polling)
{
	polling->window = 0;
	polling->backoff = polling->backoff ? polling->backoff * 2 : FIRST_BACKOFF;
	if (polling->backoff > LAST_BACKOFF)
		polling->backoff = LAST_BACKOFF;
	polling->skip = polling->backoff;
}

void pciem_polling_missed(struct polling *polling, uint64_t waited)
{
	if (polling->skip)
		polling->skip--;
	else if (waited > polling->limit && waited - polling->limit > WAKEUP_NS)
		shrink(polling);
	else if (polling->window < polling->limit)
		grow(polling);
	else if (polling->limit)
		back_off(polling);
}
