/** Maximum length of a voice message, in milliseconds. */
export const mostVoiceMs = 600_000;

/** Formats in which browsers record, each with the end of its file names. */
const formats = [
  ['audio/webm;codecs=opus', 'webm'],
  ['audio/ogg;codecs=opus', 'ogg'],
  ['audio/mp4', 'm4a'],
] as const;
/** Bits per second of speech. */
const bitsPerSecond = 32_000;

/** A voice message that was recorded. */
export interface Voice {
  readonly sound: Blob;
  /** End of the name of its file. */
  readonly extension: string;
  /** Length in milliseconds. */
  readonly lengthMs: number;
}

/** A recording that runs. */
export interface VoiceRecording {
  /** When it began, in Unix ms. */
  readonly startedAt: number;
  /** Resolves when the recording ends; undefined if it was cancelled. */
  readonly voice: Promise<Voice | undefined>;
  readonly stop: () => void;
  readonly cancel: () => void;
}

/**
 * Records the microphone until the caller stops it, the signal aborts, the microphone is gone, or
 * the voice message has its maximum length. The browser may ask the user for permission.
 * @throws {DOMException} `NotAllowedError`, `NotFoundError`, `NotSupportedError` and others
 */
export async function recordVoice(signal: AbortSignal): Promise<VoiceRecording> {
  const { mediaDevices } = navigator as { mediaDevices?: MediaDevices };
  const format = formats.find(([type]) => globalThis.MediaRecorder?.isTypeSupported(type));
  if (mediaDevices === undefined || format === undefined) throw new DOMException('', 'NotSupportedError');
  const microphone = await mediaDevices.getUserMedia({ audio: true });
  const [mimeType, extension] = format;
  try {
    signal.throwIfAborted();
    const recorder = new MediaRecorder(microphone, { mimeType, audioBitsPerSecond: bitsPerSecond });
    const startedAt = Date.now();
    const sound = recorded(recorder, microphone);
    let isCancelled = false;
    const stop = () => recorder.state === 'recording' && recorder.stop();
    const cancel = () => {
      isCancelled = true;
      stop();
    };
    const timer = setTimeout(stop, mostVoiceMs);
    signal.addEventListener('abort', stop);
    const voice = sound.then((blob) => {
      clearTimeout(timer);
      return isCancelled ? undefined : { sound: blob, extension, lengthMs: Date.now() - startedAt };
    });
    return { startedAt, voice, stop, cancel };
  } catch (thrown) {
    release(microphone);
    throw thrown;
  }
}

/** Returns the name of the text that says why `recordVoice` has failed. */
export function voiceProblem(thrown: unknown) {
  const name = thrown instanceof DOMException ? thrown.name : '';
  if (name === 'NotAllowedError') return 'voiceDenied';
  if (name === 'NotFoundError') return 'noMicrophone';
  return name === 'NotSupportedError' ? 'voiceUnsupported' : 'voiceFailed';
}

/** Starts a recorder. Resolves with the sound when it ends. */
function recorded(recorder: MediaRecorder, microphone: MediaStream): Promise<Blob> {
  const parts: Blob[] = [];
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  recorder.start();
  return new Promise((resolve) => {
    recorder.addEventListener('stop', () => {
      release(microphone);
      resolve(new Blob(parts, { type: recorder.mimeType }));
    });
  });
}

function release(microphone: MediaStream): void {
  for (const track of microphone.getTracks()) track.stop();
}
