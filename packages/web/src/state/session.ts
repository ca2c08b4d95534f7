/** Who uses this page. */
export interface Session {
  readonly userId: string;
  readonly name: string;
  readonly token: string;
}

export type SessionState =
  /** The browser's storage has not answered yet. */
  | { readonly state: 'unknown' }
  | { readonly state: 'out'; readonly notice: string | undefined }
  | { readonly state: 'in'; readonly session: Session };

export type SessionAction =
  | { readonly type: 'in'; readonly session: Session }
  | { readonly type: 'out'; readonly notice?: string };

/** The session after an action. */
export function attend(_: SessionState, action: SessionAction): SessionState {
  return action.type === 'in' ? { state: 'in', session: action.session } : { state: 'out', notice: action.notice };
}

const over: ReadonlySet<string> = new Set([
  'logged-out',
  'expired-token',
  'invalid-token',
  'suspended',
  'unauthenticated',
]);

/** Whether a refusal says that the session is over. */
export function endsSession(reason: string): boolean {
  return over.has(reason);
}

/** What is said after signing out here where the server gave no answer, or refused for another reason than that the session is over. */
export function untoldNotice(reason: string | undefined): string | undefined {
  if (reason !== undefined && endsSession(reason)) return undefined;
  return 'You are signed out here, but the server did not confirm it. Your session there expires within 7 days.';
}
