import type { Front } from '../live/front.js';
import { DeskContext } from './desk-context.js';
import { useWatched } from './hooks.js';
import { SignIn } from './sign-in.js';
import { Workspace } from './workspace.js';

/** The page. */
export function App({ front }: { front: Front }) {
  const session = useWatched(front);
  const { desk } = front;
  if (session.state === 'in' && desk !== undefined) {
    return (
      <DeskContext value={desk}>
        <Workspace key={session.session.token} onSignOut={() => front.signOut()} />
      </DeskContext>
    );
  }
  return session.state === 'out' ? <SignIn front={front} notice={session.notice} /> : null;
}
