import { words } from '../words/words.js';

/** The user who is signed in. */
export interface Session {
  readonly userId: string;
  readonly name: string;
  readonly token: string;
  /**
   * Whether the user logged in with a one-time password. Such a session can only set a new password
   * or log out.
   */
  readonly mustChangePassword?: true;
}

export type SessionState =
  /** For the time before the session has been read from the browser's storage. */
  | { readonly state: 'unknown' }
  | { readonly state: 'out'; readonly notice: string | undefined }
  /** The user has to choose a new password first. */
  | { readonly state: 'restricted'; readonly session: Session }
  | { readonly state: 'in'; readonly session: Session };

export type SessionAction =
  | { readonly type: 'in'; readonly session: Session }
  | { readonly type: 'out'; readonly notice?: string };

/** Returns the session after an action. */
export function sessionReducer(_: SessionState, action: SessionAction): SessionState {
  if (action.type === 'out') return { state: 'out', notice: action.notice };
  const { session } = action;
  return { state: session.mustChangePassword ? 'restricted' : 'in', session };
}

const sessionEnds: ReadonlySet<string> = new Set([
  'logged-out',
  'expired-token',
  'invalid-token',
  'suspended',
  'unauthenticated',
]);

/** Returns whether a refusal means that the session is over. */
export function endsSession(reason: string): boolean {
  return sessionEnds.has(reason);
}

/**
 * Returns the notice after a sign-out that the server did not confirm, or undefined if the session
 * has ended there too. `reason` is the reason of the refusal, or undefined if the server did not
 * respond.
 */
export function unconfirmedNotice(reason: string | undefined): string | undefined {
  if (reason !== undefined && endsSession(reason)) return undefined;
  return words().entry.unconfirmed;
}
