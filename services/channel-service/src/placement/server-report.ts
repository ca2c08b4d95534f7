import { type ReportRequest, ServerState } from '@parley/contract';
import type { ServerState as State } from '@parley/database';
import { isDisplayName, limits, refuse } from '@parley/runtime';

/** State of a server in a report; undefined means unchanged. */
export interface ServerReport {
  readonly addr: string | undefined;
  readonly internalAddr: string | undefined;
  readonly name: string | undefined;
  readonly tls: boolean;
  readonly state: State | undefined;
  readonly load: number | undefined;
  readonly seats: number | undefined;
}

const states: Readonly<Record<number, State>> = {
  [ServerState.SERVING]: 'serving',
  [ServerState.DRAINING]: 'draining',
  [ServerState.STOPPED]: 'stopped',
};

function invalid(words: string) {
  return refuse('invalid-report', { message: words });
}

function stateOf(word: string | undefined): State | undefined {
  const state = Object.values(states).find((known) => known === word);
  if (word !== undefined && state === undefined)
    throw invalid('Invalid server state. Use serving, draining or stopped.');
  return state;
}

/**
 * Reads the report of a server that speaks the original contract. Such a report has no `server`
 * field; its metric has the same facts.
 */
function fromMetric(kv: Readonly<Record<string, string>>): ServerReport {
  const number = (text: string | undefined) => (text === undefined || text === '' ? undefined : Number(text));
  return {
    addr: kv.addr,
    internalAddr: kv.internal_addr,
    name: kv.name,
    tls: kv.tls === 'on',
    state: stateOf(kv.state),
    load: number(kv.load),
    seats: number(kv.seats),
  };
}

function fromServer(server: NonNullable<ReportRequest['server']>, instanceId: string): ServerReport {
  if (server.id !== '' && server.id !== instanceId)
    throw invalid('The reported server id does not match the token. Report your own id.');
  const { addr, internalAddr, name, tls, load, seats } = server;
  if (server.state !== ServerState.UNSPECIFIED && states[server.state] === undefined)
    throw invalid('Unknown server state. Use SERVING, DRAINING or STOPPED.');
  return { addr, internalAddr, name, tls, state: states[server.state], load, seats };
}

function checkMetric(kv: Readonly<Record<string, string>>): void {
  const entries = Object.entries(kv);
  const fits = ([key, value]: [string, string]) =>
    Buffer.byteLength(key + value) <= limits.reportMetricBytes && !`${key}${value}`.includes('\0');
  if (entries.length > limits.reportMetrics || !entries.every(fits)) {
    throw invalid(
      `Invalid metric. Send at most ${limits.reportMetrics} entries of ${limits.reportMetricBytes} bytes without NUL.`,
    );
  }
}

function checkNumbers({ load = 0, seats = 0 }: ServerReport): void {
  if (!(load >= 0 && load <= 1)) throw invalid('Invalid load. Send a number from 0 to 1.');
  if (!Number.isInteger(seats) || seats < 0 || seats > 2_147_483_647)
    throw invalid('Invalid seats. Send a non-negative whole number.');
}

function checkChannels(channels: ReportRequest['channels']): void {
  const known = ({ id }: { readonly id: number }) => id >= 1 && id <= limits.channelId;
  if (channels.length > limits.reportChannels || !channels.every(known))
    throw invalid(`Too many channels, or an invalid channel id. Report at most ${limits.reportChannels} channels.`);
}

/**
 * Reads and checks a report in either form. Does not check its addresses against the allow list.
 * @throws {Refusal} `invalid-report`.
 */
export function readReport({ server, metric, channels }: ReportRequest, instanceId: string): ServerReport {
  const kv = metric?.kv ?? {};
  checkMetric(kv);
  checkChannels(channels);
  const reported = server === undefined ? fromMetric(kv) : fromServer(server, instanceId);
  checkNumbers(reported);
  if ((reported.addr === undefined) !== (reported.internalAddr === undefined))
    throw invalid('Only one address was reported. Report both addresses.');
  if (reported.addr !== undefined && !isDisplayName(reported.name ?? ''))
    throw invalid('Invalid server name. Use 1 to 64 characters.');
  return reported;
}
