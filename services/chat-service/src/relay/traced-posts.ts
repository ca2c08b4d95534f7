import { CallContext, type CallHeaders, runInCall } from '@parley/runtime';
import type { Append, LogEntry } from '../core/entry.js';

/** Maximum number of posts whose spans are open. The oldest ones get no spans of statements. */
const mostOpen = 1_000;

function keyOf({ channelId, clientId }: Pick<LogEntry, 'channelId' | 'clientId'>): string {
  return `${channelId} ${clientId.toLowerCase()}`;
}

/** Posts that belong to a trace and have no result yet. */
export class TracedPosts {
  readonly #open = new Map<string, CallContext>();

  /** Begins the span of a post. Call the returned function with its outcome. */
  begin(post: Pick<LogEntry, 'channelId' | 'clientId'>, origin: CallHeaders): (reason: string) => void {
    const context = new CallContext(origin);
    const key = keyOf(post);
    context.beginSpan('Post');
    this.#open.set(key, context);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= mostOpen) break;
      this.#open.delete(oldest);
    }
    return (reason) => {
      context.endSpan(reason);
      if (this.#open.get(key) === context) this.#open.delete(key);
    };
  }

  /** Returns a function that writes a batch as `append` does, as a step of the traces of its posts. */
  traced(append: Append): Append {
    return (batch, options) => {
      const call = this.#callOf(batch);
      return call === undefined ? append(batch, options) : runInCall(call, () => append(batch, options));
    };
  }

  #callOf(batch: readonly LogEntry[]): CallContext | undefined {
    if (this.#open.size === 0) return undefined;
    const [first, ...others] = batch.flatMap((entry) => this.#open.get(keyOf(entry)) ?? []);
    return first === undefined ? undefined : CallContext.joint([first, ...others]);
  }
}
