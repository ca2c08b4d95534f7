import { useState } from 'react';
import { askPermission, noticePermission } from '../live/system-notices.js';
import { type NoticeSettings, quietSeconds } from '../state/notice-settings.js';
import { blockedWords } from '../state/notices.js';
import { durationWords } from '../state/retention.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { useNow, useWatched } from './hooks.js';
import { RefusalLine } from './refusal-line.js';
import { useAction } from './use-action.js';
import { useLoaded } from './use-loaded.js';
import { useWorkspace } from './workspace-context.js';

/** The dialog that decides how this browser tells the user of new messages. */
export function NotificationsDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={words().notices.title} onClose={onClose}>
      <SystemNotices />
      <Quiet />
      <p className="hint">{words().notices.hint}</p>
      <div className="choices">
        <button type="button" className="primary" onClick={onClose}>
          {words().notices.done}
        </button>
      </div>
    </Dialog>
  );
}

function SystemNotices() {
  const { notices } = useWorkspace();
  const { shows, showsText, playsSound, pushes } = useWatched(notices.settings);
  const blocked = blockedWords(useWatched(noticePermission));
  const isOn = shows && blocked === undefined;
  const { value: hasPush } = useLoaded((signal) => notices.push.isOffered(signal));
  const [isRefused, setRefused] = useState(false);
  const { refused, run: change } = useAction(async (changes: Partial<NoticeSettings>) =>
    setRefused((await notices.change(changes)) === 'refused'),
  );
  const turnOn = async () => change({ shows: (await askPermission()) === 'granted' });
  return (
    <fieldset className="notice-settings">
      <legend>{words().notices.newMessages}</legend>
      {blocked === undefined ? (
        <button type="button" className="quiet" onClick={isOn ? () => change({ shows: false }) : turnOn}>
          {isOn ? words().notices.turnOff : words().notices.turnOn}
        </button>
      ) : (
        <p role="status">{blocked}</p>
      )}
      <label>
        <input
          type="checkbox"
          checked={showsText}
          disabled={!isOn}
          onChange={() => change({ showsText: !showsText })}
        />{' '}
        {words().notices.showsText}
      </label>
      {hasPush && (
        <label>
          <input type="checkbox" checked={pushes} disabled={!isOn} onChange={() => change({ pushes: !pushes })} />{' '}
          {words().notices.pushes}
        </label>
      )}
      <label>
        <input type="checkbox" checked={playsSound} onChange={() => change({ playsSound: !playsSound })} />{' '}
        {words().notices.playsSound}
      </label>
      <RefusalLine refused={isRefused ? { reason: 'internal', words: words().notices.pushRefused } : refused} />
    </fieldset>
  );
}

function Quiet() {
  const { notices } = useWorkspace();
  useWatched(notices.settings);
  useNow();
  const leftMs = notices.quietForMs();
  return (
    <fieldset className="notice-settings">
      <legend>{words().notices.quiet}</legend>
      {leftMs > 0 ? (
        <>
          <p role="status">{words().notices.quietFor(durationWords(Math.max(60, Math.round(leftMs / 60_000) * 60)))}</p>
          <button type="button" className="quiet" onClick={() => notices.beQuiet(0)}>
            {words().notices.endQuiet}
          </button>
        </>
      ) : (
        <div className="durations">
          {quietSeconds.map((seconds) => (
            <button key={seconds} type="button" className="quiet" onClick={() => notices.beQuiet(seconds)}>
              {words().notices.beQuietFor(durationWords(seconds))}
            </button>
          ))}
        </div>
      )}
    </fieldset>
  );
}
