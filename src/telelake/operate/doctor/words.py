"""Everything that `telelake doctor` can find: how bad it is, what is said of it, and what to do, in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from telelake.operate.begin import Language

Grade = Literal["fine", "note", "warning", "error"]
"""`fine` is as it should be; a `note` is worth knowing; a `warning` will cost something; an `error` costs it now."""


@dataclass(frozen=True, slots=True)
class Code:
    """One thing that can be found."""

    grade: Grade
    said: Mapping[Language, tuple[str, str]]
    """What was found, and what to do, with the facts in braces."""


def _code(grade: Grade, en: tuple[str, str], pt: tuple[str, str]) -> Code:
    return Code(grade, {"en": en, "pt": pt})


_SAID = ("{reason}", "")
_LEFT_OUT: dict[Language, str] = {
    "en": "allowed_updates is too narrow: Telegram leaves out {kinds}.",
    "pt": "allowed_updates é estreito demais: o Telegram deixa de fora {kinds}.",
}

CODES: dict[str, Code] = {
    # Settings
    "settings": _code("error", _SAID, _SAID),
    "no_bot": _code(
        "note",
        ("No bot is set.", "Add [bots.NAME] to telelake.toml, or let telelake init write one."),
        ("Nenhum bot está configurado.", "Acrescente [bots.NOME] ao telelake.toml, ou deixe o telelake init escrevê-lo."),
    ),
    # Bots at Telegram
    "no_token": _code(
        "warning",
        ("No token is set, so Telegram cannot be asked about this bot.", 'Add `token = {{ env = "…" }}` to [bots.{bot}].'),
        ("Não há token, então não se pode perguntar ao Telegram sobre este bot.", 'Acrescente `token = {{ env = "…" }}` a [bots.{bot}].'),
    ),
    "token_fine": _code("fine", ("The token is that of {name} (id {id}).", ""), ("O token é de {name} (id {id}).", "")),
    "token_refused": _code(
        "error",
        ("Telegram does not know the token: {said}", "Copy it again from @BotFather (/mybots, API Token) into the variable {variable}."),
        ("O Telegram não conhece o token: {said}", "Copie-o de novo do @BotFather (/mybots, API Token) para a variável {variable}."),
    ),
    "token_of_another": _code(
        "error",
        ("The token is that of bot {id}, and the settings say id = {wanted}.", "Take `id` out, or put the right token into {variable}."),
        ("O token é do bot {id}, e a configuração diz id = {wanted}.", "Tire `id`, ou ponha o token certo em {variable}."),
    ),
    "telegram_away": _code(
        "error",
        ("Telegram could not be asked: {said}", "Look at network, DNS, firewall and proxy. Updates wait at Telegram for up to 24 hours."),
        ("Não foi possível perguntar ao Telegram: {said}", "Veja rede, DNS, firewall e proxy. As atualizações esperam no Telegram por até 24 horas."),
    ),
    "telegram_refused": _code("error", ("Telegram refused: {said}", ""), ("O Telegram recusou: {said}", "")),
    "clock_fine": _code(
        "fine",
        ("The clock agrees with Telegram's to {seconds:.0f} s.", ""),
        ("O relógio concorda com o do Telegram em {seconds:.0f} s.", ""),
    ),
    "clock_off": _code(
        "warning",
        ("The clock is {seconds:+.0f} s off Telegram's (+ is ahead).", "Switch on time synchronisation (timedatectl set-ntp true): what has no date of its own is dated by this clock."),
        ("O relógio difere do Telegram em {seconds:+.0f} s (+ é adiantado).", "Ligue a sincronização de hora (timedatectl set-ntp true): o que não tem data própria recebe a deste relógio."),
    ),
    "clock_far_off": _code(
        "error",
        ("The clock is {seconds:+.0f} s off Telegram's (+ is ahead).", "Stop telelake, set the clock (timedatectl set-ntp true), start again. See docs/runbooks/clock-jump.md."),
        ("O relógio difere do Telegram em {seconds:+.0f} s (+ é adiantado).", "Pare o telelake, acerte o relógio (timedatectl set-ntp true) e inicie de novo. Veja docs/runbooks/clock-jump.md."),
    ),
    "privacy_fine": _code("fine", ("Privacy mode is off: the bot gets every message of its groups.", ""), ("O modo de privacidade está desligado: o bot recebe todas as mensagens dos grupos.", "")),
    "privacy_on": _code(
        "warning",
        ("Privacy mode is on: where the bot is no admin it gets only commands, and replies to it.", "Send /setprivacy to @BotFather, choose Disable, then take the bot out of its groups and add it again; or make it an admin there."),
        ("O modo de privacidade está ligado: onde o bot não é admin, ele só recebe comandos e respostas a ele.", "Envie /setprivacy ao @BotFather, escolha Disable, depois tire o bot dos grupos e adicione de novo; ou faça dele admin."),
    ),
    "privacy_harmless": _code(
        "note",
        ("Privacy mode is on, but the bot is an admin in all {count} groups that the lake knows, and gets everything there.", ""),
        ("O modo de privacidade está ligado, mas o bot é admin em todos os {count} grupos que o lake conhece, e lá recebe tudo.", ""),
    ),
    "rights_fine": _code("fine", ("The bot is an admin in all {count} groups that the lake knows.", ""), ("O bot é admin em todos os {count} grupos que o lake conhece.", "")),
    "not_admin": _code(
        "warning",
        ("The bot is no admin in {count} of {of} groups ({chats}), so Telegram tells it of no reactions and no joins and leaves there.", "Make it an admin there; no single right is needed."),
        ("O bot não é admin em {count} de {of} grupos ({chats}), então o Telegram não lhe conta reações nem entradas e saídas de lá.", "Faça dele admin lá; nenhum direito específico é necessário."),
    ),
    "not_member": _code(
        "warning",
        ("The bot is no longer in {count} of {of} groups from which the lake has messages ({chats}).", "Add it again, if it shall go on."),
        ("O bot já não está em {count} de {of} grupos de que o lake tem mensagens ({chats}).", "Adicione-o de novo, se deve continuar."),
    ),
    "webhook_fine": _code("fine", ("The webhook is set to {host}; {pending} updates wait.", ""), ("O webhook está definido para {host}; {pending} atualizações esperam.", "")),
    "webhook_in_the_way": _code(
        "error",
        ("mode is poll, but a webhook is set, to {host}; beside one Telegram gives nothing to who asks (409).", "Take it away (deleteWebhook) when no other program needs it, or set mode = \"webhook\" or \"proxy\"."),
        ("mode é poll, mas há um webhook definido, para {host}; ao lado de um, o Telegram nada dá a quem pergunta (409).", "Remova-o (deleteWebhook) se nenhum outro programa precisa dele, ou use mode = \"webhook\" ou \"proxy\"."),
    ),
    "webhook_missing": _code(
        "error",
        ("mode is webhook, but none is set: Telegram posts nothing.", "Set capture.public_url, and telelake run sets it; or set it yourself, to …/telegram/{bot} with its secret."),
        ("mode é webhook, mas nenhum está definido: o Telegram nada envia.", "Defina capture.public_url, e o telelake run o define; ou defina-o você, para …/telegram/{bot} com o segredo."),
    ),
    "webhook_to_come": _code(
        "note",
        ("No webhook is set yet; telelake run sets it, to {host}.", ""),
        ("Ainda não há webhook; o telelake run o define, para {host}.", ""),
    ),
    "webhook_elsewhere": _code(
        "error",
        ("Telegram posts to {host}, which is not the webhook of this lake.", "If another program set it, end that one, or use forward_to or mode = \"proxy\"; telelake run sets it anew when capture.public_url is set."),
        ("O Telegram envia a {host}, que não é o webhook deste lake.", "Se outro programa o definiu, encerre-o, ou use forward_to ou mode = \"proxy\"; o telelake run o define de novo se capture.public_url está definido."),
    ),
    "webhook_failing": _code(
        "warning",
        ("Telegram could not deliver {ago:.0f} s ago: {said}. {pending} updates wait.", "Telegram tries again by itself. 401: the secret differs, run telelake again; a certificate or a connection: look at the reverse proxy; 503: look at the disk."),
        ("O Telegram não pôde entregar há {ago:.0f} s: {said}. {pending} atualizações esperam.", "O Telegram tenta de novo sozinho. 401: o segredo difere, reinicie o telelake; certificado ou conexão: veja o proxy reverso; 503: veja o disco."),
    ),
    "kinds_to_come": _code(
        "note",
        ("Telegram leaves out {kinds} as yet; telelake run asks for all kinds.", ""),
        ("O Telegram ainda deixa de fora {kinds}; o telelake run pede todos os tipos.", ""),
    ),
    "kinds_left_out_poll": _code(
        "warning", (_LEFT_OUT["en"], "Start telelake run: polling asks for all kinds."),
        (_LEFT_OUT["pt"], "Inicie o telelake run: ao perguntar ele pede todos os tipos."),
    ),
    "kinds_left_out_webhook": _code(
        "warning",
        (_LEFT_OUT["en"], "Set capture.public_url, and telelake run sets all kinds; or name them in allowed_updates yourself."),
        (_LEFT_OUT["pt"], "Defina capture.public_url, e o telelake run define todos os tipos; ou nomeie-os você em allowed_updates."),
    ),
    "kinds_left_out_proxy": _code(
        "warning",
        (_LEFT_OUT["en"], "Have the bot ask through telelake: the proxy asks for all kinds, and gives the bot its own."),
        (_LEFT_OUT["pt"], "Faça o bot perguntar pelo telelake: o proxy pede todos os tipos, e dá ao bot os dele."),
    ),
    "pile": _code(
        "warning",
        ("{pending} updates wait at Telegram.", "Start telelake run; what waits longer than 24 hours is lost."),
        ("{pending} atualizações esperam no Telegram.", "Inicie o telelake run; o que espera mais de 24 horas se perde."),
    ),
    "poll_fine": _code("fine", ("Nobody else polls for this bot.", ""), ("Ninguém mais pergunta por este bot.", "")),
    "poll_not_tried": _code(
        "note",
        ("Capture runs here, so it was not tried whether somebody else polls, too; its log would say \"terminated by other getUpdates\".", ""),
        ("A captura roda aqui, então não se testou se mais alguém pergunta; o log dela diria \"terminated by other getUpdates\".", ""),
    ),
    "other_poller": _code(
        "error",
        ("Another program polls for this bot (409): {said}", "A bot's updates go to one place. End the other program, or have it ask through telelake (mode = \"proxy\")."),
        ("Outro programa pergunta por este bot (409): {said}", "As atualizações de um bot vão a um lugar só. Encerre o outro programa, ou faça-o perguntar pelo telelake (mode = \"proxy\")."),
    ),
    # This machine
    "versions": _code(
        "note",
        ("telelake {telelake}, Python {python}, DuckDB {duckdb}, pyiceberg {pyiceberg}, pyarrow {pyarrow}; knows Bot API {botapi}.", ""),
        ("telelake {telelake}, Python {python}, DuckDB {duckdb}, pyiceberg {pyiceberg}, pyarrow {pyarrow}; conhece a Bot API {botapi}.", ""),
    ),
    "space_fine": _code("fine", ("{free_gb:.1f} GB are free.", ""), ("{free_gb:.1f} GB livres.", "")),
    "space_low": _code(
        "warning",
        ("Only {free_gb:.1f} GB ({percent:.0f} %) are free.", "Make room. What may go, and what never: docs/runbooks/disk-full.md."),
        ("Só {free_gb:.1f} GB ({percent:.0f} %) livres.", "Libere espaço. O que pode sair, e o que nunca: docs/runbooks/disk-full.md."),
    ),
    "space_out": _code(
        "error",
        ("Only {free_gb:.2f} GB are free; capture answers 503 when nothing is left.", "Make room now. What may go, and what never: docs/runbooks/disk-full.md."),
        ("Só {free_gb:.2f} GB livres; sem espaço a captura responde 503.", "Libere espaço agora. O que pode sair, e o que nunca: docs/runbooks/disk-full.md."),
    ),
    "sync_fine": _code("fine", ("A sync takes {ms:.1f} ms ({kind}).", ""), ("Um sync leva {ms:.1f} ms ({kind}).", "")),
    "sync_slow": _code(
        "warning",
        ("A sync takes {ms:.0f} ms ({kind}): every acknowledgement waits that long.", "Put state_dir on a local disk that is not so busy."),
        ("Um sync leva {ms:.0f} ms ({kind}): cada confirmação espera isso.", "Ponha state_dir num disco local menos ocupado."),
    ),
    "sync_lies": _code(
        "error",
        ("What is synced here does not survive a power loss: {reason}.", "Put home and state_dir on a real disk, mounted with its usual options."),
        ("O que se sincroniza aqui não sobrevive a uma queda de energia: {reason}.", "Ponha home e state_dir num disco de verdade, montado com as opções usuais."),
    ),
    "sync_doubtful": _code(
        "warning",
        ("Whether a sync holds cannot be known: {reason}.", "Ask who runs the machine; a local disk is known to hold."),
        ("Não se pode saber se um sync vale: {reason}.", "Pergunte a quem administra a máquina; um disco local vale."),
    ),
    "sync_container": _code(
        "warning",
        ("This is the container's own layer, which goes with the container.", "Mount a volume, and put home and state_dir there."),
        ("Esta é a camada do próprio contêiner, que some com ele.", "Monte um volume, e ponha home e state_dir lá."),
    ),
    "not_writable": _code(
        "error",
        ("{path} cannot be written by this user: {reason}.", "Give it to the user that runs telelake (chown -R), or run as that user; a command once run with sudo leaves such files."),
        ("{path} não pode ser escrito por este usuário: {reason}.", "Dê-o ao usuário que roda o telelake (chown -R), ou rode como ele; um comando rodado com sudo deixa arquivos assim."),
    ),
    "open_to_all": _code(
        "warning",
        ("Everybody on this machine may write {path}.", "chmod o-w '{path}'"),
        ("Qualquer um nesta máquina pode escrever em {path}.", "chmod o-w '{path}'"),
    ),
    "permissions_fine": _code("fine", ("This user may read and write all that is needed.", ""), ("Este usuário pode ler e escrever tudo o que é preciso.", "")),
    # The journal
    "journal_fine": _code("fine", ("{bytes:,} bytes are not sealed yet.", ""), ("{bytes:,} bytes ainda não selados.", "")),
    "journal_waits": _code(
        "warning",
        ("{bytes:,} bytes lie in the journal, and no capture runs that would seal them.", "Start telelake run, or telelake capture. Never delete a .journal file."),
        ("{bytes:,} bytes estão no diário, e nenhuma captura roda para selá-los.", "Inicie o telelake run, ou telelake capture. Nunca apague um arquivo .journal."),
    ),
    "journal_stuck": _code(
        "error",
        ("The oldest record in the journal is {minutes:.0f} minutes old, though capture runs: sealing is stuck.", "Look at its log: the store is away, or the disk is full."),
        ("O registro mais antigo do diário tem {minutes:.0f} minutos, embora a captura rode: a selagem parou.", "Veja o log: o armazenamento está fora, ou o disco está cheio."),
    ),
    "journal_damaged": _code(
        "warning",
        ("{frames} records of the journal are damaged beyond a torn end; the others are sealed.", "Look at the disk (dmesg, smartctl); restore nothing: what is intact is kept."),
        ("{frames} registros do diário estão danificados além de um fim rasgado; os outros são selados.", "Veja o disco (dmesg, smartctl); não restaure nada: o que está íntegro fica."),
    ),
    # The lake
    "no_lake": _code("note", ("There is no lake yet; telelake run makes it.", ""), ("Ainda não há lake; o telelake run o cria.", "")),
    "home_away": _code(
        "error",
        ("The home cannot be read: {reason}", "Look at path, network and credentials."),
        ("O home não pode ser lido: {reason}", "Veja caminho, rede e credenciais."),
    ),
    "lake_fine": _code("fine", ("A lake of format {format}; its days are those of {timezone}.", ""), ("Um lake de formato {format}; seus dias são os de {timezone}.", "")),
    "zone_differs": _code(
        "error",
        ("timezone = '{wanted}', but this lake was made with '{timezone}', which decides its days for ever.", "Take the setting out, or make another lake."),
        ("timezone = '{wanted}', mas este lake foi feito com '{timezone}', que decide seus dias para sempre.", "Tire a configuração, ou faça outro lake."),
    ),
    "segments_fine": _code("fine", ("{looked} of {count} raw segments were read, and hold what their names promise.", ""), ("{looked} de {count} segmentos foram lidos, e contêm o que seus nomes prometem.", "")),
    "segment_damaged": _code(
        "error",
        ("{count} raw segments do not hold what their names promise: {keys}.", "Restore them from a backup. See docs/runbooks/damaged-segment.md."),
        ("{count} segmentos não contêm o que seus nomes prometem: {keys}.", "Restaure-os de um backup. Veja docs/runbooks/damaged-segment.md."),
    ),
    "future_days": _code(
        "warning",
        ("There is raw of days that have not come: {days}.", "The clock was ahead once. See docs/runbooks/clock-jump.md."),
        ("Há dados de dias que ainda não chegaram: {days}.", "O relógio esteve adiantado. Veja docs/runbooks/clock-jump.md."),
    ),
    "no_release": _code("note", ("Nothing was published yet.", ""), ("Nada foi publicado ainda.", "")),
    "tables_fine": _code("fine", ("Release {release}: {looked} of {count} files of tables were looked at.", ""), ("Release {release}: {looked} de {count} arquivos de tabelas foram vistos.", "")),
    "table_damaged": _code(
        "error",
        ("{count} files of tables are missing or damaged: {keys}.", "Tables can be built from raw again. See docs/runbooks/damaged-catalog.md."),
        ("{count} arquivos de tabelas faltam ou estão danificados: {keys}.", "As tabelas podem ser refeitas dos dados brutos. Veja docs/runbooks/damaged-catalog.md."),
    ),
    "catalog_fine": _code("fine", ("The catalog is whole.", ""), ("O catálogo está íntegro.", "")),
    "catalog_missing": _code(
        "note",
        ("The catalog is not there; the next publication makes it from the newest release.", ""),
        ("O catálogo não está lá; a próxima publicação o refaz a partir do release mais novo.", ""),
    ),
    "catalog_damaged": _code(
        "error",
        ("The catalog {path} is damaged: {reason}. Readers are not touched; nothing can be published.", "Move the file away; the next telelake wrangle makes it anew. See docs/runbooks/damaged-catalog.md."),
        ("O catálogo {path} está danificado: {reason}. Leitores não são afetados; nada pode ser publicado.", "Mova o arquivo; o próximo telelake wrangle o refaz. Veja docs/runbooks/damaged-catalog.md."),
    ),
    "fresh": _code(
        "note",
        ("The last update came {update}; tables are {tables} behind.", ""),
        ("A última atualização chegou {update}; as tabelas estão {tables} atrás.", ""),
    ),
    "days_stuck": _code(
        "warning",
        ("{count} days older than yesterday are due: {days}.", "Run telelake wrangle, and read what it says; telelake status tells why each is due."),
        ("{count} dias anteriores a ontem estão pendentes: {days}.", "Rode telelake wrangle, e leia o que diz; telelake status conta por que cada um está pendente."),
    ),
    "quarantine": _code(
        "note",
        ("{count} bodies could not be read, and lie in quarantine.", "After an update, telelake replay tries them again."),
        ("{count} corpos não puderam ser lidos, e estão em quarentena.", "Depois de uma atualização, telelake replay os tenta de novo."),
    ),
    "forgetting_begun": _code(
        "error",
        ("{count} forgettings were begun and not ended.", "Run telelake forget once more: it ends them all."),
        ("{count} esquecimentos começaram e não terminaram.", "Rode telelake forget mais uma vez: ele termina todos."),
    ),
}  # fmt: skip
