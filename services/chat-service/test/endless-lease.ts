import { runProcess } from '@parley/runtime';
import { startChatService } from '../src/app.js';
import { readChatServiceConfig } from '../src/config.js';
import { Lease } from '../src/core/lease.js';

/** Never doubts that it owns its channels. */
class EndlessLease extends Lease {
  override holds(): boolean {
    return true;
  }
}

// A chat server with a planted fault: whoever looks for two owners of one channel has to find this
// one.
await runProcess('chat-service', (context) =>
  startChatService(readChatServiceConfig(context.settings), context, new EndlessLease(Number.POSITIVE_INFINITY)),
);
