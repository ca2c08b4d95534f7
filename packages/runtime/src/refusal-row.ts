/** Names of gRPC status codes, spelled as in the gRPC documentation. */
export type StatusName =
  | 'CANCELLED'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'UNAUTHENTICATED';

/** Status, text and retry hint of a reason. */
export interface RefusalRow {
  readonly status: StatusName;
  /** HTTP status of the same refusal at the gateway. */
  readonly http: number;
  /** The error text: what is wrong, then what to do. Sentences with a capital and a full stop. */
  readonly message: string;
  /** Milliseconds until a retry can succeed. Absent: do not retry unchanged. */
  readonly retryAfterMs?: number;
}

/** Returns a row. Without `retryAfterMs`, a client must not retry unchanged. */
export function row(status: StatusName, http: number, message: string, retryAfterMs?: number): RefusalRow {
  return retryAfterMs === undefined ? { status, http, message } : { status, http, message, retryAfterMs };
}
