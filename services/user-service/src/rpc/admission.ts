import type { PoolClient, Queryable } from '@parley/database';
import { type Refusal, refuse } from '@parley/runtime';
import { claimFirst, isInvited, isUnused, takeInvitation } from '../store/registration.js';

/** Users who may create an account: everyone, users with an invitation, or nobody. */
export type RegistrationMode = 'open' | 'invite' | 'closed';

/** Decides whether a Register with this invitation may create an account. */
export interface Admission {
  /**
   * Refuses a registration that is certain to fail, before it costs a hash.
   * @throws {Refusal} `invite-not-found`, `registration-closed`
   */
  check(client: Queryable, invite: string): Promise<void>;
  /**
   * Checks the same in the transaction that creates the account, and uses up the invitation.
   * @throws {Refusal} `invite-not-found`, `registration-closed`
   */
  admit(client: PoolClient, invite: string): Promise<void>;
}

const code = /^[\w-]{22,128}$/;

/** Returns the refusal of an account without a valid invitation. */
function notAdmitted(mode: RegistrationMode, invite: string): Refusal {
  if (mode === 'closed') return refuse('registration-closed');
  if (invite !== '') return refuse('invite-not-found');
  return refuse('invite-not-found', { message: 'An account here needs an invitation. Ask an operator for one.' });
}

/**
 * Creates the admission of a mode. The very first account needs no invitation, because nobody could
 * have made one.
 */
export function createAdmission(mode: RegistrationMode): Admission {
  const isOpen = mode === 'open';
  const mayInvite = (invite: string) => mode === 'invite' && code.test(invite);
  return {
    async check(client, invite) {
      if (isOpen || (mayInvite(invite) && (await isInvited(client, invite)))) return;
      if (!(await isUnused(client))) throw notAdmitted(mode, invite);
    },
    async admit(client, invite) {
      if (isOpen || (mayInvite(invite) && (await takeInvitation(client, invite)))) return;
      if (!(await claimFirst(client))) throw notAdmitted(mode, invite);
    },
  };
}
