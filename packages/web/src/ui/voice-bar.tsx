import { type KeyboardEvent, useEffect, useEffectEvent, useState } from 'react';
import { mostVoiceMs, recordVoice, type Voice, type VoiceRecording, voiceProblem } from '../live/voice-recording.js';
import { lengthWords } from '../state/times.js';
import { words } from '../words/words.js';
import { useNow } from './hooks.js';
import { Icon } from './icon.js';
import { useLeaveGuard } from './use-leave-guard.js';
import { useWorkspace } from './workspace-context.js';

interface VoiceBarProps {
  readonly channelId: number;
  readonly onClose: () => void;
}

/** Records a voice message, and attaches it to the next message of the channel, also when the user leaves the chat. */
function useVoice({ channelId, onClose }: VoiceBarProps) {
  const { attachments } = useWorkspace();
  const [recording, setRecording] = useState<VoiceRecording>();
  const [why, setWhy] = useState<string>();
  const onEnd = useEffectEvent((voice: Voice | undefined) => {
    setRecording(undefined);
    if (voice?.sound.size === 0) setWhy(words().conversation.voiceFailed);
    else if (voice !== undefined && voice.lengthMs >= mostVoiceMs) setWhy(words().conversation.voiceFull);
    else onClose();
  });
  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const record = async () => {
      const begun = await recordVoice(signal);
      setRecording(begun);
      const voice = await begun.voice;
      if (voice !== undefined && voice.sound.size > 0) attachments.add(channelId, [fileOf(voice)]);
      if (!signal.aborted) onEnd(voice);
    };
    record().catch((thrown) => signal.aborted || setWhy(words().conversation[voiceProblem(thrown)]));
    return () => leaving.abort();
  }, [attachments, channelId]);
  return { recording, why };
}

function fileOf({ sound, extension, lengthMs }: Voice): File {
  const name = `${words().conversation.voiceName(Math.ceil(lengthMs / 1_000))}.${extension}`;
  return new File([sound], name, { type: sound.type });
}

/** A recording: its length so far, and buttons that end it. */
export function VoiceBar(props: VoiceBarProps) {
  const { recording, why } = useVoice(props);
  const { conversation: say, common } = words();
  useLeaveGuard(recording !== undefined);
  const cancel = () => (recording === undefined ? props.onClose() : recording.cancel());
  const onKey = ({ key }: KeyboardEvent) => key === 'Escape' && cancel();
  return (
    <fieldset className="voice" aria-label={say.voiceMessage} onKeyDown={onKey}>
      {why === undefined ? <Elapsed since={recording?.startedAt} /> : <p role="alert">{why}</p>}
      <button key="cancel" type="button" className="quiet" ref={focusIt} onClick={cancel}>
        {why === undefined ? common.cancel : common.close}
      </button>
      {recording !== undefined && (
        <button type="button" className="primary" ref={focusIt} onClick={recording.stop}>
          {say.voiceStop}
        </button>
      )}
    </fieldset>
  );
}

function focusIt(button: HTMLElement | null): void {
  button?.focus();
}

function Elapsed({ since }: { since: number | undefined }) {
  const now = useNow(since !== undefined, 250);
  const { voiceAsking, voiceLength } = words().conversation;
  if (since === undefined) return <p role="status">{voiceAsking}</p>;
  return (
    <p role="timer">
      <Icon name="microphone" />
      {voiceLength(lengthWords(now - since), lengthWords(mostVoiceMs))}
    </p>
  );
}
