/** Where the token is kept on AlertManager's side. */
export const TOKEN_FILE = '/etc/alertmanager/kubernaut.token';

export interface SnippetOptions {
  /** Of the gateway, without a slash at its end. */
  url: string;
  tokenFile?: string;
}

/**
 * Receiver and route for alertmanager.yml. `continue: true` in a route that stands first: people go on being told as before.
 * Grouping by target keeps one object's alerts together; `max_alerts: 0` sends all of a group. The token is read from a
 * file by AlertManager itself (`authorization.credentials_file`), so that it stands in no configuration.
 */
export const alertmanagerSnippet = ({ url, tokenFile = TOKEN_FILE }: SnippetOptions): string => `receivers:
  - name: kubernaut
    webhook_configs:
      - url: ${JSON.stringify(`${url}/alerts`)}
        send_resolved: true
        max_alerts: 0
        http_config:
          authorization:
            type: Bearer
            credentials_file: ${tokenFile}

route:
  routes:
    # first, so that no other route ends before it; continue keeps your own receivers informed
    - receiver: kubernaut
      continue: true
      group_by: [namespace, alertname]
      group_wait: 5s
      group_interval: 30s
      repeat_interval: 4h
`;
