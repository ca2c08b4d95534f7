import type { LoginRequest, LoginResponse } from '@parley/contract';
import type { Metrics, Reason } from '@parley/runtime';
import { asRefusal, type UnaryHandler } from '@parley/service-kit';

/** Outcomes of logins that operators watch. Others appear when they happen. */
const outcomes: readonly (Reason | 'ok')[] = ['ok', 'wrong-credentials', 'login-too-often', 'suspended', 'too-busy'];

type Login = UnaryHandler<LoginRequest, LoginResponse>;

/** Returns a handler of Login that counts logins by their outcome. */
export function countedLogin(login: Login, metrics: Metrics): Login {
  const help = 'logins with a password, by outcome: ok, or the reason of the refusal';
  const logins = metrics.counter('parley_logins_total', help, ['reason'], outcomes);
  return async (request, call) => {
    try {
      const opened = await login(request, call);
      logins.inc({ reason: 'ok' });
      return opened;
    } catch (thrown) {
      logins.inc({ reason: asRefusal(thrown).reason });
      throw thrown;
    }
  };
}
