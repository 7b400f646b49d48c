"""The supervisors that are measured."""

from .init import INIT, INIT_MIRRORED
from .runit import RUNIT, RUNIT_DIRECT
from .s6 import S6, S6_DIRECT, S6_READY
from .supervisord import SUPERVISORD, SUPERVISORD_ONE_PIPE
from .wrappers import BARE, DUMB_INIT, TINI

__all__ = ["BARE", "DUMB_INIT", "INIT", "INIT_MIRRORED", "RUNIT", "RUNIT_DIRECT", "S6", "S6_DIRECT", "S6_READY", "SUPERVISORD", "SUPERVISORD_ONE_PIPE", "TINI"]
