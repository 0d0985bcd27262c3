// Everything works without this file: it copies the code, counts down, and shows the page
// again when the server says that something has changed.
'use strict';

for (const button of document.querySelectorAll('[data-copy]')) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    document.getElementById('copied').textContent = button.dataset.copied;
  });
}

const again = () => location.replace(location.pathname);
// In milliseconds: long enough for a server that fails to answer again.
const PAUSE = 5000;

for (const left of document.querySelectorAll('[data-seconds]')) {
  const end = Date.now() + 1000 * Number(left.dataset.seconds);
  const show = () => {
    const seconds = Math.max(0, Math.round((end - Date.now()) / 1000));
    const time = Math.floor(seconds / 60) + ':' + String(seconds % 60).padStart(2, '0');
    left.textContent = left.dataset.text.replace('{}', time);
    if (seconds > 0) return;
    clearInterval(timer);
    setTimeout(again, PAUSE);
  };
  const timer = setInterval(show, 1000);
  show();
}

const line = document.querySelector('[data-live]');
if (line) {
  const events = new EventSource(location.pathname + '/events');
  events.addEventListener('status', (event) => {
    if (line.textContent !== event.data) line.textContent = event.data;
  });
  events.addEventListener('change', () => {
    events.close();
    again();
  });
  // The browser reconnects by itself after the end of the stream, but not after an answer
  // that is no stream.
  events.addEventListener('error', () => {
    if (events.readyState === EventSource.CLOSED) setTimeout(again, PAUSE);
  });
}
