export type UnitOptions = {
  /** The Node.js that the server is tested with, absolute. */
  readonly node: string
  /** The server's main file, absolute. */
  readonly main: string
  /** Folder of the program, absolute. */
  readonly program: string
  readonly user: string
  readonly configFile: string
}

/** Where the service keeps users, certificates and recordings: systemd makes it for the service's user. */
export const STATE_FOLDER = '/var/lib/millrace'
export const CONFIG_FOLDER = '/etc/millrace'

/**
 * The unit of the service, systemd.unit(5). What the server has no use for is taken from it, so that a fault in it is a fault in little else;
 * `systemd-analyze security millrace` tells how much is left.
 */
export const systemdUnit = ({ node, main, program, user, configFile }: UnitOptions): string => `[Unit]
Description=Millrace, live media server
Documentation=file://${escaped(program)}/README.md
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
User=${user}
Group=${user}
ExecStart=${quoted(node)} ${quoted(main)} --config ${quoted(configFile)}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=2
TimeoutStopSec=10
KillMode=mixed
LimitNOFILE=65536
StateDirectory=millrace
StateDirectoryMode=0700
WorkingDirectory=${STATE_FOLDER}
UMask=0077
Environment=NODE_ENV=production

# Ports below 1024, should the configuration have one.
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
# The configuration can be changed by the API.
ReadWritePaths=${CONFIG_FOLDER}
${homeProtection([node, program, configFile])}
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`

/** A program below /home or /root can be read there, and nothing else can be written. */
const homeProtection = (files: readonly string[]): string => `ProtectHome=${files.some((file) => /^\/(?:home|root)\//.test(file)) ? 'read-only' : 'yes'}`

/** `%` begins a specifier of systemd. */
const escaped = (text: string): string => text.replaceAll('%', '%%')

/** One word of a command line, systemd.service(5) section "Command lines". */
const quoted = (word: string): string => {
  const text = escaped(word).replaceAll('$', '$$$$')
  return /^[\w./:@%$+-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
}
