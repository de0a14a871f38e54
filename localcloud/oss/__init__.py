"""Object Storage Service on one machine, with OSS's own conditional behaviour (fact fc 5.2), which is not S3's."""

from localcloud.oss.service import Oss

__all__ = ["Oss"]
