import { randomUUID } from 'node:crypto';
import { DatabaseClock, db, type Pool, sql } from '@parley/database';
import { managerAudience, SigningKey, serviceToken } from '@parley/service-kit';
import * as z from 'zod';
import { exitCodes, Failure, usage } from './failure.js';
import { type OwnerOptions, withOwner } from './owner-database.js';

/** The options of `token`. */
export interface ServiceTokenOptions extends OwnerOptions {
  /** Service for which the token stands: `manager`, or the instance id of a chat server. */
  readonly as: string;
  /**
   * Instance id of the chat server that may receive a manager's token. Default: every live chat
   * server.
   */
  readonly for?: string;
}

const instanceId = z.guid();

function checkOptions(options: ServiceTokenOptions): void {
  if (options.as !== 'manager' && !instanceId.safeParse(options.as).success) {
    throw usage('--as takes "manager" or the instance id of a chat server.');
  }
  if (options.for === undefined) return;
  if (options.as !== 'manager')
    throw usage("--for works only with --as manager, because a chat server's token is for managers.");
  if (!instanceId.safeParse(options.for).success) throw usage('--for takes the instance id of a chat server.');
}

async function audience(pool: Pool, options: ServiceTokenOptions): Promise<string | string[]> {
  if (options.as !== 'manager') return managerAudience;
  if (options.for !== undefined) return options.for;
  const rows = await db(pool)
    .selectFrom('server')
    .select('instanceId')
    .where('state', '<>', 'stopped')
    .where('leaseUntil', '>', sql<Date>`now()`)
    .orderBy('instanceId')
    .execute();
  if (rows.length === 0)
    throw new Failure('no-server', exitCodes.refused, 'No chat server is live. Start one, or give --for.');
  return rows.map(({ instanceId }) => instanceId);
}

async function sign(pool: Pool, options: ServiceTokenOptions): Promise<string> {
  const aud = await audience(pool, options);
  const owner = options.as === 'manager' ? randomUUID() : options.as;
  const purpose = options.as === 'manager' ? 'manager' : 'chat';
  const clock = await DatabaseClock.start(pool);
  return new SigningKey(serviceToken(purpose), owner, pool, clock).sign({ sub: owner }, aud);
}

/**
 * Returns a service token, valid for 60 s and signed with a new key, to call services by hand.
 * @throws {Failure}
 */
export async function makeServiceToken(options: ServiceTokenOptions): Promise<string> {
  checkOptions(options);
  return withOwner(options, 'parley token', (pool) => sign(pool, options));
}
