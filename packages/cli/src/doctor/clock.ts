import type { Pool } from '@parley/database';
import { type Check, type Finding, fault, skipped, warning, works } from './check.js';
import { withDatabase } from './database-access.js';
import type { Surroundings } from './surroundings.js';
import { withGateway } from './web.js';
import { readWeb } from './web-request.js';

/** Differences that matter, in milliseconds. Tokens and certificates tolerate less than a minute. */
const tolerated = { warningMs: 5_000, faultMs: 60_000 } as const;

const advice = 'Let both machines set their clocks by NTP (`timedatectl set-ntp true`).';

/** A reading of another clock, and the local times just before and after it, in Unix ms. */
interface ClockReading {
  readonly theirs: number;
  readonly sent: number;
  readonly received: number;
  /** Resolution of the other clock. */
  readonly stepMs: number;
}

/** Returns the smallest difference that a reading proves, in milliseconds; positive if the other clock is ahead. */
function provenSkew({ theirs, sent, received, stepMs }: ClockReading): number {
  if (theirs > received) return theirs - received;
  if (theirs + stepMs < sent) return theirs + stepMs - sent;
  return 0;
}

/** Returns the finding for a reading. */
function skewFinding(about: string, reading: ClockReading): Finding {
  const skewMs = provenSkew(reading);
  const size = Math.abs(skewMs);
  if (size < tolerated.warningMs) return works(about, 'Its clock agrees with the clock of this machine.');
  const words = `Its clock is ${Math.round(size / 1_000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} the clock of this machine.`;
  return size < tolerated.faultMs ? warning(about, words, advice) : fault(about, words, advice);
}

async function gatewayClock(web: URL, where: Surroundings): Promise<Finding[]> {
  const sent = Date.now();
  const response = await readWeb(new URL('/', web), where).catch(() => undefined);
  if (response === undefined)
    return [skipped(web.origin, 'There is no response with a time; the check "web" says why.')];
  const theirs = Date.parse(response.headers.date ?? '');
  if (Number.isNaN(theirs)) return [skipped(web.origin, 'The response has no time.')];
  return [skewFinding(web.origin, { theirs, sent, received: Date.now(), stepMs: 1_000 })];
}

async function databaseClock(pool: Pool, about: string): Promise<Finding[]> {
  const sent = Date.now();
  const { rows } = await pool.query<{ ms: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
  );
  return [skewFinding(about, { theirs: rows[0]?.ms ?? 0, sent, received: Date.now(), stepMs: 1 })];
}

/** The clocks of this machine, of the gateway and of the database agree. */
export function clockCheck(where: Surroundings): Check {
  const run = async () => {
    const ofGateway = withGateway(where, (web) => gatewayClock(web, where));
    return (await Promise.all([ofGateway, withDatabase(where, databaseClock)])).flat();
  };
  return { name: 'clocks', run };
}
