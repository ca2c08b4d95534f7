import { type Attachment, attachmentsOf } from '../state/attachments.js';
import { mostAttached } from '../state/limits.js';
import { words } from '../words/words.js';
import { useWatched } from './hooks.js';
import { Icon } from './icon.js';
import { Name } from './text.js';
import { useWorkspace } from './workspace-context.js';

/** The files for the next message of a channel: their progress, and what the user can do with each. */
export function AttachedFiles({ channelId }: { channelId: number }) {
  const { attachments } = useWorkspace();
  const { list, excess } = attachmentsOf(useWatched(attachments), channelId);
  const say = words().conversation;
  return (
    <div className="attached">
      <div role="status">
        {excess > 0 && <p className="attached-why">{say.tooManyFiles(mostAttached, excess)}</p>}
        {list.some(({ state }) => state !== 'ready') && <p>{say.filesUploading}</p>}
      </div>
      <ul aria-label={say.attached}>
        {list.map((one) => (
          <li key={one.key}>
            <AttachedFile attachment={one} channelId={channelId} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function AttachedFile({ attachment, channelId }: { attachment: Attachment; channelId: number }) {
  const { attachments } = useWorkspace();
  const { key, name, size, preview } = attachment;
  const say = words().conversation;
  const remove = say.removeFile(name);
  return (
    <div className="attached-file">
      {preview?.kind === 'image' ? (
        <img src={preview.address} alt="" width="40" height="40" />
      ) : (
        <Icon name={preview === undefined ? 'file' : 'sound'} />
      )}
      <div className="attached-facts">
        <p className="file-name" title={name}>
          <Name of={name} />
        </p>
        <Progress attachment={attachment} />
      </div>
      <span className="file-size">{say.fileSize(size)}</span>
      <button
        type="button"
        className="icon-button"
        aria-label={remove}
        title={remove}
        onClick={() => attachments.remove(channelId, key)}
      >
        <Icon name="close" />
      </button>
      {preview?.kind === 'audio' && (
        // biome-ignore lint/a11y/useMediaCaption: nobody has written captions of a sound that is not sent yet
        <audio controls src={preview.address} aria-label={name} />
      )}
    </div>
  );
}

/** Progress of an upload, or the reason why it does not continue. */
function Progress({ attachment: { key, name, size, sent, state, why, mayRetry } }: { attachment: Attachment }) {
  const { attachments } = useWorkspace();
  const { conversation: say, common } = words();
  const go = (label: string, named: string, act: () => void) => (
    <button type="button" className="link" aria-label={named} onClick={act}>
      {label}
    </button>
  );
  if (state === 'ready') return null;
  if (state === 'refused')
    return (
      <p className="attached-why" role="alert">
        {why} {mayRetry === true && go(common.tryAgain, say.retryFile(name), () => attachments.resume(key))}
      </p>
    );
  return (
    <p className="attached-progress">
      <progress max={Math.max(1, size)} value={sent} aria-label={say.uploading(name)} />
      {state === 'paused' && go(say.continueFile, say.continueNamed(name), () => attachments.resume(key))}
      {state === 'uploading' && go(say.pauseFile, say.pauseNamed(name), () => attachments.pause(key))}
    </p>
  );
}
