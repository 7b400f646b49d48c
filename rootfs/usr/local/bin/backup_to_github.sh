#!/bin/sh
# The original's command, for those who have it in their notes. Init does what it did; this says how it is asked now.
case "${1:-daemon}" in
  restore) exec /init backup restore ;;
  init | daemon | monitor) echo "Init runs the backup by itself: init backup status, init backup now --wait" >&2; exec /init backup status ;;
  *) echo "usage: backup_to_github.sh restore (and see: init backup --help)" >&2; exit 2 ;;
esac
