import { runProcess } from '@parley/runtime';
import { startChatService } from '../src/app.js';
import { readChatServiceConfig } from '../src/config.js';
import { Lease } from '../src/core/lease.js';

/** A lease that never lapses. */
class EndlessLease extends Lease {
  override holds(): boolean {
    return true;
  }
}

// A chat server with a planted fault. Any check for two owning servers of one channel must detect
// it.
await runProcess('chat-service', (context) =>
  startChatService(readChatServiceConfig(context.settings), context, new EndlessLease(Number.POSITIVE_INFINITY)),
);
