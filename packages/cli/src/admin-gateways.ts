import type { Gateway } from '@parley/contract';
import { textTable } from '@parley/runtime';
import { ago, stateOf, undoDrain } from './admin.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

function gatewayValue(gateway: Gateway) {
  const { id, name, httpAddr, grpcAddr, version, inboxes, connections, reportAgeMs } = gateway;
  const value = { id, name, http_addr: httpAddr, grpc_addr: grpcAddr, version, state: stateOf(gateway) };
  return { ...value, inboxes, connections, report_age_ms: reportAgeMs };
}

function gatewayTable(gateways: readonly Gateway[]): string {
  const rows = gateways.map((gateway) => [
    terminalLine(gateway.name),
    terminalLine(gateway.httpAddr),
    terminalLine(gateway.grpcAddr),
    stateOf(gateway),
    String(gateway.inboxes),
    String(gateway.connections),
    ago(gateway.reportAgeMs),
    terminalLine(gateway.version),
    terminalLine(gateway.id),
  ]);
  const head = ['name', 'http', 'grpc', 'state', 'inboxes', 'connections', 'reported', 'version', 'id'];
  return textTable(head, rows);
}

/** Prints the gateways. Those that stopped or were lost are included only if `all` is set. */
export async function printGateways(session: CommandSession, all: boolean): Promise<void> {
  const known = await (await session.administration()).gateways();
  const gateways = all ? known : known.filter(({ lapsed }) => !lapsed);
  const none = 'No gateway has reported in the last ten minutes.';
  const words = gateways.length === 0 ? none : gatewayTable(gateways) + undoDrain('gateway', gateways);
  session.print(words, gateways.map(gatewayValue));
}
