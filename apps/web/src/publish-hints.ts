import { make } from './dom.ts'

/** Where encoders publish; a protocol that is off is absent. */
type PublishPorts = { readonly rtsp?: number; readonly rtmp?: number }

/** Fills a list with lines to copy that publish to a path of this server. */
export const showPublishHints = async (list: HTMLDListElement, pathName: string): Promise<void> => {
  const response = await fetch('/_/server')
  const { publishPorts } = (await response.json()) as { publishPorts: PublishPorts }
  list.className = 'hints'
  list.replaceChildren(
    ...publishHints(publishPorts, pathName).flatMap(([term, line]) => [make('dt', {}, term), make('dd', {}, make('code', {}, line), ...copyButton(line))]),
  )
}

const publishHints = ({ rtmp, rtsp }: PublishPorts, pathName: string): [term: string, line: string][] => {
  const hints: [string, string][] = []
  const at = (protocol: string, port: number): string => `${protocol}://${location.hostname}:${port}/${pathName}`
  if (rtmp !== undefined) {
    hints.push(['OBS: Settings, Stream, Custom. This is the server; the stream key stays empty.', at('rtmp', rtmp)])
    hints.push(['ffmpeg', `ffmpeg -re -i video.mp4 -c copy -f flv ${at('rtmp', rtmp)}`])
  }
  if (rtsp !== undefined) hints.push(['Anything that speaks RTSP', at('rtsp', rtsp)])
  return hints
}

/** Browsers have a clipboard for pages from https and from this machine only. */
const copyButton = (line: string): HTMLButtonElement[] => {
  if (!navigator.clipboard) return []
  const button = make('button', { type: 'button' }, 'Copy')
  button.addEventListener('click', () => {
    navigator.clipboard.writeText(line).then(
      () => {
        button.textContent = 'Copied'
      },
      () => {
        button.textContent = 'Not allowed'
      },
    )
  })
  return [button]
}
