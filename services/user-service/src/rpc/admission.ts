import type { PoolClient, Queryable } from '@parley/database';
import { refuse } from '@parley/runtime';
import { claimFirst, isInvited, isUnused, takeInvitation } from '../store/registration.js';

/** Who may create an account: everyone, users with an invitation, or nobody. */
export type RegistrationMode = 'open' | 'invite' | 'closed';

/** Decides whether a Register with this invitation may create an account. */
export interface Admission {
  /**
   * Refuses what is certain to fail, before it costs a hash.
   * @throws {Refusal} `invite-not-found`, `registration-closed`
   */
  check(client: Queryable, invite: string): Promise<void>;
  /**
   * Admits one account within its transaction.
   * @throws {Refusal} the same.
   */
  admit(client: PoolClient, invite: string): Promise<void>;
}

const code = /^[\w-]{22,128}$/;

/**
 * Creates the admission of a mode. The very first account needs no invitation, because nobody could
 * have made one.
 */
export function createAdmission(mode: RegistrationMode): Admission {
  const isOpen = mode === 'open';
  const reason = mode === 'closed' ? 'registration-closed' : 'invite-not-found';
  const mayInvite = (invite: string) => mode === 'invite' && code.test(invite);
  return {
    async check(client, invite) {
      if (isOpen || (mayInvite(invite) && (await isInvited(client, invite)))) return;
      if (!(await isUnused(client))) throw refuse(reason);
    },
    async admit(client, invite) {
      if (isOpen || (mayInvite(invite) && (await takeInvitation(client, invite)))) return;
      if (!(await claimFirst(client))) throw refuse(reason);
    },
  };
}
