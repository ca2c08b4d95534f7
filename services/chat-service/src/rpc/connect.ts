import { SubscribeRequest } from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import type { Call, RawStream, TakeHandler } from '@parley/service-kit';
import type { Entrance, StreamOptions } from '../session/entrance.js';

const resumeForm = /^([0-9a-f-]{36}):(\d{1,15})$/i;

/**
 * Reads a position to resume from in the form of `chat-resume`.
 * @throws {Refusal} `invalid-metadata`.
 */
export function readResume(resume: string | undefined): StreamOptions['resume'] {
  const parts = resume === undefined ? undefined : resumeForm.exec(resume);
  if (parts === null)
    throw refuse('invalid-metadata', {
      message: 'chat-resume must be <log>:<seq>. Leave it out to start without a resume.',
    });
  return parts === undefined ? undefined : { log: String(parts[1]), seq: Number(parts[2]) };
}

function optionsOfConnect(call: Call): StreamOptions {
  return { events: call.metadata('chat-events') === '1', resume: readResume(call.metadata('chat-resume')) };
}

/**
 * Reads the resume position from the request. If it has none, reads it from the metadata, as
 * Connect does.
 */
function optionsOfSubscribe(call: Call, bytes: Buffer): StreamOptions {
  const { log, afterSeq } = decodeSubscribe(bytes);
  const resume = log === '' ? call.metadata('chat-resume') : `${log}:${afterSeq}`;
  return { events: true, resume: readResume(resume), mostBytes: limits.subscribeBytes };
}

function decodeSubscribe(bytes: Buffer): SubscribeRequest {
  try {
    return SubscribeRequest.decode(bytes);
  } catch (cause) {
    throw refuse('malformed', { cause });
  }
}

/**
 * Handles Connect and Subscribe: reads the token and the options, and opens a session in the
 * channel.
 */
export class ConnectHandler {
  readonly #entrance: Entrance;

  constructor(entrance: Entrance) {
    this.#entrance = entrance;
  }

  readonly connect: TakeHandler = async (stream, call) => this.#enter(stream, call, optionsOfConnect(call));

  readonly subscribe: TakeHandler = async (stream, call, request) => {
    await this.#enter(stream, call, optionsOfSubscribe(call, request));
  };

  async #enter(stream: RawStream, call: Call, options: StreamOptions): Promise<void> {
    const { facts } = call;
    await this.#entrance.enter({ token: call.bearer(), options, stream, facts, onSeat: () => call.sendHeaders() });
  }
}
