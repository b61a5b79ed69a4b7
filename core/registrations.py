"""What core does by the clock."""

from __future__ import annotations

from .background import periodic, prune_tasks, requeue_lost_tasks
from .statistics import refresh_statistics
from .throttle import prune_windows

periodic("core.requeue_lost_tasks", every=10)(requeue_lost_tasks)
periodic("core.prune_tasks", every=3600)(prune_tasks)
periodic("core.prune_throttles", every=3600)(prune_windows)
periodic("core.refresh_statistics", every=12 * 3600)(refresh_statistics)
