import {
  Metadata,
  type ServerInterceptingCallInterface,
  type ServiceError,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { isReason, type Reason, type Refusal, reasonOfCode, refusals, refuse } from '@parley/runtime';

/** Status that a server sends, with its trailers. */
export type TransportStatus = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

const reasonKey = 'chat-reason';
const retryKey = 'chat-retry-after-ms';
/** Response header that lists the encodings we accept. By default grpc-js offers compression. */
export const acceptedKey = 'grpc-accept-encoding';
export const acceptedEncodings = 'identity';

/** Returns the gRPC status of a refusal, with its reason and retry hint as trailers. */
export function statusFromRefusal(refusal: Refusal): StatusObject {
  const metadata = new Metadata();
  metadata.set(reasonKey, refusal.reason);
  if (refusal.reason === 'compressed') metadata.set(acceptedKey, acceptedEncodings);
  if (refusal.retryAfterMs > 0) metadata.set(retryKey, String(refusal.retryAfterMs));
  return { code: status[refusals[refusal.reason].status], details: refusal.message, metadata };
}

/** Adds the trailers of a refusal to a status that the transport made. */
export function withReason(given: TransportStatus): TransportStatus {
  const isComplete = given.code === status.OK || given.code === status.NOT_FOUND; // Only the health service sends NOT_FOUND itself.
  if (isComplete || (given.metadata?.get(reasonKey).length ?? 0) > 0) return given;
  return statusFromRefusal(refuse(reasonOf(given)));
}

/** Returns the reason of a status other than OK. */
export function reasonOf({
  code,
  metadata,
}: {
  readonly code: status;
  readonly metadata?: Metadata | null | undefined;
}): Reason {
  const [reason] = metadata?.get(reasonKey) ?? [];
  return isReason(reason) ? reason : reasonOfCode(code);
}

/**
 * Returns whether the peer closed the connection with ENHANCE_YOUR_CALM. grpc-js reports that with
 * the code of a message that is too large.
 */
function isCalmed({ code, details }: Pick<ServiceError, 'code' | 'details'>): boolean {
  return code === status.RESOURCE_EXHAUSTED && details.startsWith('Bandwidth exhausted');
}

/**
 * Returns the refusal that a status from a peer carries. A status without a reason came from the
 * transport, and its text is only logged.
 */
export function refusalFromStatus(
  error: Pick<ServiceError, 'code' | 'details'> & { readonly metadata?: Metadata },
): Refusal {
  const [reason] = error.metadata?.get(reasonKey) ?? [];
  const [retry] = error.metadata?.get(retryKey) ?? [];
  if (!isReason(reason)) return refuse(isCalmed(error) ? 'too-busy' : reasonOf(error), { cause: error });
  return refuse(reason, { message: error.details, retryAfterMs: Number(retry) || 0, cause: error });
}
