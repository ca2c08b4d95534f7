import { randomUUID } from 'node:crypto';
import { DatabaseClock, type Pool } from '@parley/database';
import { managerAudience, SigningKey, serviceToken } from '@parley/service-kit';
import { z } from 'zod';
import { exitCodes, Failure, usage } from './failure.js';
import { type OwnerOptions, withOwner } from './owner-database.js';

export interface ServiceTokenOptions extends OwnerOptions {
  /** `manager`, or the boot id of a chat server. */
  readonly as: string;
  /** The boot id of the chat server that a manager's token is for; absent: all that live. */
  readonly for?: string;
}

const bootId = z.guid();
const living = "SELECT boot_id FROM chat.server WHERE state <> 'stopped' AND lease_until > now() ORDER BY boot_id";

function checkOptions(options: ServiceTokenOptions): void {
  if (options.as !== 'manager' && !bootId.safeParse(options.as).success) {
    throw usage('--as is "manager" or the boot id of a chat server');
  }
  if (options.for === undefined) return;
  if (options.as !== 'manager') throw usage("--for goes with --as manager; a chat server's token is for managers");
  if (!bootId.safeParse(options.for).success) throw usage('--for is the boot id of a chat server');
}

async function audience(pool: Pool, options: ServiceTokenOptions): Promise<string | string[]> {
  if (options.as !== 'manager') return managerAudience;
  if (options.for !== undefined) return options.for;
  const { rows } = await pool.query<{ boot_id: string }>(living);
  if (rows.length === 0)
    throw new Failure('no-server', exitCodes.refused, 'no chat server lives: start one, or use --for');
  return rows.map((row) => row.boot_id);
}

async function sign(pool: Pool, options: ServiceTokenOptions): Promise<string> {
  const aud = await audience(pool, options);
  const owner = options.as === 'manager' ? randomUUID() : options.as;
  const purpose = options.as === 'manager' ? 'manager' : 'chat';
  const clock = await DatabaseClock.start(pool);
  return new SigningKey(serviceToken(purpose), owner, pool, clock).sign({ sub: owner }, aud);
}

/** A service token of 60 s for trying calls by hand, signed with a key made for it. Throws a Failure. */
export async function makeServiceToken(options: ServiceTokenOptions): Promise<string> {
  checkOptions(options);
  return withOwner(options, 'parley token', (pool) => sign(pool, options));
}
