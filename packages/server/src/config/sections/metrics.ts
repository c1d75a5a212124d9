import { flag, listenAddress, port, section } from '../fields.ts'

export const metricsSection = section({
  enabled: flag(true).describe('serve metrics for Prometheus, and whether the server lives and is ready'),
  host: listenAddress.prefault('127.0.0.1').describe('address of the metrics'),
  port: port(9998).describe('TCP port of the metrics'),
  perSession: flag(false).describe('one series for each client too; their number grows with the clients'),
}).prefault({})
