"""`python -m workers`: one worker process, the same as `joorsync workers`."""

import sys

from runtime import logs
from runtime.settings import Settings
from workers.main import main

if __name__ == "__main__":
    settings = Settings()
    logs.configure(settings.log_level, settings.log_format)
    sys.exit(main(settings, processes=1))
