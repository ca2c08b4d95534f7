import { refuse } from '@parley/runtime';
import { type Call, type Callers, forUser, type UnaryHandler, type UserCaller } from '@parley/service-kit';

/** A method for administrators. Who is one, the user's row says at each call; a token's role only informs. */
export function forAdministrator<Q, S>(
  callers: Callers,
  answer: (request: Q, me: UserCaller, call: Call) => Promise<S>,
): UnaryHandler<Q, S> {
  return forUser(callers, async (request: Q, me, call) => {
    if (me.role !== 'admin') throw refuse('not-operator');
    return answer(request, me, call);
  });
}
