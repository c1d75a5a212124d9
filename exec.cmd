@rem The shell of Windows has no exec: see docs/design/runtime.md.
@%*
