import { refuse } from '@parley/runtime';
import {
  type AuthenticatedHandler,
  type Call,
  type Callers,
  forUser,
  streamForUser,
  type UserCaller,
} from '@parley/service-kit';

/** Checks that the caller is an operator. */
function checkOperator(me: UserCaller): void {
  if (me.role !== 'admin') throw refuse('not-operator');
}

/**
 * Wraps a method for operators. Checks the role in the user's row at each call; the role in the
 * token is only informational.
 */
export function forOperator<Q, S>(
  callers: Callers,
  answer: (request: Q, me: UserCaller, call: Call) => Promise<S>,
): AuthenticatedHandler<Q, Promise<S>> {
  return forUser(callers, async (request: Q, me, call) => {
    checkOperator(me);
    return answer(request, me, call);
  });
}

/**
 * Wraps a method that streams pages to operators. Checks the caller again before it sends each
 * page, because the session or the role may end meanwhile.
 */
export function pagesForOperator<Q, S>(
  callers: Callers,
  answer: (request: Q, me: UserCaller) => AsyncIterable<readonly S[]>,
): AuthenticatedHandler<Q, AsyncIterable<S>> {
  return streamForUser(callers, async function* (request: Q, me, call) {
    checkOperator(me);
    for await (const page of answer(request, me)) {
      checkOperator(await callers.user(call));
      yield* page;
    }
  });
}
