import { type Installation, installService, removeService, ServiceError, serviceStatus, unitText, updateService } from './service.ts'

export const SERVICE_USAGE = `usage: millrace service install|update|remove|status|print

install  makes a user, a configuration unless there is one, and a systemd unit, and starts it; at boot, too
update   after the program's files were updated: writes the unit anew and starts the service anew
remove   stops it and removes the unit; configuration and data stay
status   says whether it runs, with the last lines of its log
print    shows the unit`

/**
 * `millrace service …`
 * @param args what follows `service`
 * @returns the exit code
 * @throws ServiceError
 */
export const runServiceCommand = (args: readonly string[], installation: Installation, print: (line: string) => void): number => {
  const [command, ...rest] = args
  if (rest.length > 0) throw new ServiceError(`${rest.join(' ')} is too much\n\n${SERVICE_USAGE}`)
  if (command === 'install') installService(installation, print)
  else if (command === 'update') updateService(installation, print)
  else if (command === 'remove') removeService(print)
  else if (command === 'status') return serviceStatus(print) ? 0 : 3
  else if (command === 'print') print(unitText(installation).trimEnd())
  else throw new ServiceError(SERVICE_USAGE)
  return 0
}
