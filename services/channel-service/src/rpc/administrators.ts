import { type Answer, type Call, type Callers, forUser, type UserCaller } from '@parley/rpc';
import { refuse } from '@parley/runtime';

/** A method for administrators. Who is one, the user's row says at each call; a token's role only informs. */
export function forAdministrator<Q, S>(
  callers: Callers,
  answer: (request: Q, me: UserCaller, call: Call) => Promise<S>,
): Answer<Q, S> {
  return forUser(callers, async (request: Q, me, call) => {
    if (me.role !== 'admin') throw refuse('not-an-administrator');
    return answer(request, me, call);
  });
}
