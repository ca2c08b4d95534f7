import { refuse } from '@parley/runtime';
import { type AuthenticatedHandler, type Call, type Callers, forUser, type UserCaller } from '@parley/service-kit';

/**
 * Wraps a method for operators. Checks the role in the user's row at each call; the role in the
 * token is only informational.
 */
export function forOperator<Q, S>(
  callers: Callers,
  answer: (request: Q, me: UserCaller, call: Call) => Promise<S>,
): AuthenticatedHandler<Q, Promise<S>> {
  return forUser(callers, async (request: Q, me, call) => {
    if (me.role !== 'admin') throw refuse('not-operator');
    return answer(request, me, call);
  });
}
