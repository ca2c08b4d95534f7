import { askPermission, noticePermission } from '../live/system-notices.js';
import { blockedWords, quietSeconds } from '../state/notice-settings.js';
import { durationWords } from '../state/retention.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { useNow, useWatched } from './hooks.js';
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
  const { settings } = useWorkspace().notices;
  const { shows, showsText, playsSound } = useWatched(settings);
  const blocked = blockedWords(useWatched(noticePermission));
  const turnOn = async () => settings.change({ shows: (await askPermission()) === 'granted' });
  const isOn = shows && blocked === undefined;
  return (
    <fieldset className="notice-settings">
      <legend>{words().notices.newMessages}</legend>
      {blocked === undefined ? (
        <button type="button" className="quiet" onClick={isOn ? () => settings.change({ shows: false }) : turnOn}>
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
          onChange={() => settings.change({ showsText: !showsText })}
        />{' '}
        {words().notices.showsText}
      </label>
      <label>
        <input type="checkbox" checked={playsSound} onChange={() => settings.change({ playsSound: !playsSound })} />{' '}
        {words().notices.playsSound}
      </label>
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
