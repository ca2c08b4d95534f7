import {
  Metadata,
  type ServerInterceptingCallInterface,
  type ServiceError,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { isReason, type Reason, type Refusal, reasonOfCode, refusals, refuse } from '@parley/runtime';

/** A status on its way out, with whatever trailers it has. */
export type TransportStatus = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

const reasonKey = 'chat-reason';
const retryKey = 'chat-retry-after-ms';
/** Tells callers how they may encode their messages; grpc-js would say that it inflates. */
export const acceptedKey = 'grpc-accept-encoding';
export const acceptedEncodings = 'identity';

/** The gRPC status of a refusal; its reason and retry hint travel as trailers. */
export function statusFromRefusal(refusal: Refusal): StatusObject {
  const metadata = new Metadata();
  metadata.set(reasonKey, refusal.reason);
  if (refusal.reason === 'compressed') metadata.set(acceptedKey, acceptedEncodings);
  if (refusal.retryAfterMs > 0) metadata.set(retryKey, String(refusal.retryAfterMs));
  return { code: status[refusals[refusal.reason].status], details: refusal.message, metadata };
}

/** Gives a status that the transport made the trailers that every status of ours has. */
export function withReason(given: TransportStatus): TransportStatus {
  const whole = given.code === status.OK || given.code === status.NOT_FOUND; // that one is only made by health
  if (whole || (given.metadata?.get(reasonKey).length ?? 0) > 0) return given;
  return statusFromRefusal(refuse(reasonOf(given)));
}

/** The reason that a status other than OK names. */
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

/** The refusal that a peer's status carries. Without a reason it came from the transport, whose words stay in the log. */
export function refusalFromStatus(
  error: Pick<ServiceError, 'code' | 'details'> & { readonly metadata?: Metadata },
): Refusal {
  const [reason] = error.metadata?.get(reasonKey) ?? [];
  const [retry] = error.metadata?.get(retryKey) ?? [];
  if (!isReason(reason)) return refuse(reasonOf(error), { cause: error });
  return refuse(reason, { words: error.details, retryAfterMs: Number(retry) || 0, cause: error });
}
