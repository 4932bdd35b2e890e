"""How often and how long: polling, renewals, leases, retries. All are settings, from the environment."""

from __future__ import annotations

import environ

env = environ.Env()

# --- reading the ERP ---

ORDER_POLL_SECONDS = env.int("ORDER_POLL_SECONDS", default=300)
FIRST_READ_DAYS = 7
SWEEP_SECONDS = env.int("SWEEP_SECONDS", default=3600)
SWEEP_DAYS = 30
# Changed products; and the whole list, where the ERP cannot tell which changed.
PRODUCT_POLL_SECONDS = env.int("PRODUCT_POLL_SECONDS", default=900)
PRODUCT_LIST_SECONDS = env.int("PRODUCT_LIST_SECONDS", default=3600)
# Products are read again though no list says that they changed, within a share of the account's calls.
RECHECK_SECONDS = 300
RECHECK_SHARE = 0.1
# And so much while all of them are read again because a person asks, or the ERP did not tell for a while.
RECONCILE_SHARE = 0.3
# While the ERP does not tell by itself what changes, it is asked more often; its whole list within a share.
ORDER_POLL_IN_SILENCE_SECONDS = 120
PRODUCT_POLL_IN_SILENCE_SECONDS = 300
RECHECK_SHARE_IN_SILENCE = 0.4
LIST_SHARE_IN_SILENCE = 0.2
# A notification may come so much later than the reading that found what it announces.
NOTIFICATION_GRACE_SECONDS = 240
# A call whose answer never came may still be under way for so long: longer than any call may take.
EXPORT_SETTLE_SECONDS = env.float("EXPORT_SETTLE_SECONDS", default=60.0)
TOKEN_RENEWAL_SECONDS = env.int("TOKEN_RENEWAL_SECONDS", default=3 * 3600)

# What the ERP's ways to send are is read again after a day for an order that needs it; where that was of no
# use, an hour later at the soonest.
SHIPPING_METHODS_SECONDS = 24 * 3600
SHIPPING_METHODS_RETRY_SECONDS = 3600

# --- being told by the ERP ---

# After another address is made the former one is good for so long.
WEBHOOK_GRACE_HOURS = 24
# So long an ERP may repeat a notification that was not answered: twenty times, each five minutes later.
RETRY_HORIZON_HOURS = 16
# Web processes note that they can be told something; three times as long without is an outage.
WEBHOOK_PULSE_SECONDS = env.float("WEBHOOK_PULSE_SECONDS", default=5.0)

# How often receipts are looked after: what was stranded goes on, what is old is deleted.
TIDY_RECEIPTS_SECONDS = 3600

# --- following parcels ---

# How often we look for parcels that are due.
PARCEL_POLL_SECONDS = env.int("PARCEL_POLL_SECONDS", default=300)
# By state: seconds between two questions, and from so many days in that state on.
PARCEL_SECONDS = {
    "pending": (3600, 3, 12 * 3600),
    "info_received": (3600, 3, 12 * 3600),
    "posted": (4 * 3600, 10, 12 * 3600),
    "in_transit": (4 * 3600, 10, 12 * 3600),
    "out_for_delivery": (1800, 2, 4 * 3600),
    "delivery_failed": (4 * 3600, 10, 12 * 3600),
    "available_for_pickup": (4 * 3600, 10, 12 * 3600),
    "returning": (12 * 3600, 10, 24 * 3600),
    "exception": (6 * 3600, 10, 12 * 3600),
    "lost": (24 * 3600, 1, 24 * 3600),
}
# A fixed time between two questions instead: for the demo and for tests.
PARCEL_ASK_SECONDS = env.float("PARCEL_ASK_SECONDS", default=None)
# One whose carrier nobody knows may be of a network: so long after it is followed that is tried, no more.
PARCEL_TRIED_SECONDS = (6 * 3600, 24 * 3600, 3 * 24 * 3600)
# So long nobody asks an interface that all companies share after it did not answer, or refused us.
SHARED_TRACKER_REST_SECONDS = 60
SHARED_TRACKER_REFUSED_SECONDS = 900
# One that arrived is asked for once more, because carriers take a false «delivered» back.
PARCEL_LAST_LOOK_SECONDS = 24 * 3600
# After so many days without news nobody is asked any more; a lost one may yet be found.
PARCEL_SILENT_DAYS = 30
PARCEL_LOST_DAYS = 60
# How often parcels that no carrier is asked for are looked through.
PARCEL_TIDY_SECONDS = 24 * 3600
# So long after it arrived the buyer's page still tells where a parcel was.
BUYER_PAGE_DAYS = 90
# What the carrier did not answer for one parcel is asked again after such a time, twice that at most.
PARCEL_RETRY_SECONDS = 600

# --- limits of an account at an ERP ---

# The smallest plan's limit holds until an account's own is learnt from the ERP's headers.
CALLS_PER_MINUTE = env.int("CALLS_PER_MINUTE", default=30)
# A fixed space between two calls of one account instead of its limit: for the demo and for tests.
SLOT_SPACING_SECONDS = env.float("SLOT_SPACING_SECONDS", default=None)
# --- jobs: lease, retry delays ---

# With the sweep's two seconds, a job whose worker was killed runs again within ten. A heartbeat every third
# of it keeps the lease through calls of any length.
JOB_LEASE_SECONDS = env.float("JOB_LEASE_SECONDS", default=7.0)
BREAKER_FIRST_SECONDS = env.float("BREAKER_FIRST_SECONDS", default=15.0)
JOB_RETRY_FIRST_SECONDS = env.float("JOB_RETRY_FIRST_SECONDS", default=5.0)
JOB_RETRY_LAST_SECONDS = env.float("JOB_RETRY_LAST_SECONDS", default=900.0)
# How often beat looks for due and orphaned work.
DISPATCH_SECONDS = env.float("DISPATCH_SECONDS", default=2.0)
# A message that nobody took for so long tells nothing new. The worker compares its own clock with the
# sender's: were they further apart than this, it would throw every message away.
MESSAGE_EXPIRES_SECONDS = 1800
