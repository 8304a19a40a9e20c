"""The services that portward knows by their programs and usual ports, and why each is a risk or none.

A maintained table: names and ports follow /etc/services and the IANA registry; the reasons are ours. A program's name
decides before a port does, since a service may have moved. Pure data and look-ups.
"""

import enum

import attrs

from portward.policy.net import PortRange, Protocol
from portward.policy.notation import read_ports


class Risk(enum.StrEnum):
    """What is wrong with it when strangers reach it."""

    REMOTE_SHELL = "remote shell in clear text"
    FILES = "files in clear text"
    WEB = "web pages in clear text"
    MAIL = "mail in clear text"
    MANAGEMENT = "management in clear text"
    DESKTOP = "a desktop in clear text"
    MESSAGES = "messages in clear text"
    LEGACY = "a legacy service"
    DATA = "a data store"
    CONTROL = "control over the machine"
    REFLECTOR = "a reflector"
    VPN = "a VPN"
    LOGIN = "a login"
    NONE = "meant for everybody"


@attrs.frozen
class Kind:
    """One kind of service.

    Attributes:
        name: short, as in /etc/services where it is there.
        ports: where it usually listens.
        programs: names of server programs, as the kernel cuts them (15 characters).
        risk: see `Risk`.
        reason: one sentence: what comes of it.
        instead: what to do about the service itself, one sentence or a command; may be empty.
    """

    name: str
    ports: tuple[PortRange, ...]
    programs: frozenset[str]
    risk: Risk
    reason: str
    instead: str = ""

    def usual(self, protocol: Protocol, port: int) -> bool:
        """Whether this is one of its usual ports."""
        return any(each.protocol is protocol and port in each for each in self.ports)


def _kind(  # noqa: PLR0913, PLR0917 - the columns of the table
    name: str, ports: str, programs: str, risk: Risk, reason: str, instead: str = ""
) -> Kind:
    return Kind(
        name, tuple(map(read_ports, ports.split())), frozenset(programs.split()), risk, reason, instead
    )


# fmt: off
KINDS: tuple[Kind, ...] = (
    # Remote shells
    _kind("telnet", "tcp/23", "in.telnetd telnetd utelnetd", Risk.REMOTE_SHELL,
          "Passwords and everything typed cross the network as they are.", "use ssh"),
    _kind("rlogin", "tcp/513", "in.rlogind rlogind", Risk.REMOTE_SHELL,
          "It trusts a source address, which anybody on the way can forge, and encrypts nothing.", "use ssh"),
    _kind("rsh", "tcp/514", "in.rshd rshd", Risk.REMOTE_SHELL,
          "It trusts a source address, which anybody on the way can forge, and encrypts nothing.", "use ssh"),
    _kind("rexec", "tcp/512", "in.rexecd rexecd", Risk.REMOTE_SHELL,
          "It takes a password in clear text and runs a command.", "use ssh"),
    # Files
    _kind("ftp", "tcp/21", "vsftpd proftpd pure-ftpd in.ftpd ftpd bftpd", Risk.FILES,
          "Passwords and files cross the network as they are.", "use sftp, which comes with ssh, or force TLS"),
    _kind("tftp", "udp/69", "in.tftpd tftpd atftpd utftpd dnsmasq", Risk.FILES,
          "It asks for no password at all: whoever reaches it reads its files, and often writes them.",
          "bind it to the address of the network that boots from it"),
    _kind("rsync", "tcp/873", "rsync rsyncd", Risk.FILES,
          "The rsync daemon encrypts nothing, and a module without `auth users` asks for no password.",
          "run rsync over ssh"),
    _kind("nfs", "tcp/2049 udp/2049", "nfsd", Risk.FILES,
          "Without Kerberos it trusts addresses and user numbers, and encrypts nothing.", "put it behind a VPN"),
    _kind("smb", "tcp/139 tcp/445 udp/137-138", "smbd nmbd ksmbd.mountd", Risk.FILES,
          "File sharing for a local network; its past is full of worms.", "put it behind a VPN"),
    _kind("afp", "tcp/548", "afpd", Risk.FILES, "File sharing for a local network.", "put it behind a VPN"),
    # Web
    _kind("http", "tcp/80 tcp/81 tcp/591 tcp/8000 tcp/8008 tcp/8080 tcp/8081 tcp/8888",
          "tinyhttpd micro-httpd darkhttpd mini_httpd",
          Risk.WEB, "Pages, cookies and passwords cross the network as they are, and can be changed on the way.",
          "serve https, and on this port only a redirect to it"),
    _kind("http-proxy", "tcp/3128", "squid tinyproxy privoxy", Risk.CONTROL,
          "An open proxy lends this host's address to whoever finds it.", "bind it to the inside address"),
    _kind("socks", "tcp/1080", "danted sockd microsocks srelay", Risk.CONTROL,
          "An open proxy lends this host's address to whoever finds it.", "bind it to the inside address"),
    # Mail
    _kind("pop3", "tcp/110", "popa3d qpopper ipop3d", Risk.MAIL,
          "The password of the mailbox crosses the network as it is unless TLS comes first.",
          "offer pop3s (995) alone, or force STARTTLS"),
    _kind("imap", "tcp/143", "imapd", Risk.MAIL,
          "The password of the mailbox crosses the network as it is unless TLS comes first.",
          "offer imaps (993) alone, or force STARTTLS"),
    _kind("submission", "tcp/587", "exim4 smtpd", Risk.MAIL,
          "The password of the mailbox crosses the network as it is unless TLS comes first.",
          "offer submissions (465) alone, or force STARTTLS"),
    _kind("smtp", "tcp/25", "exim4 smtpd sendmail-mta sendmail msmtpd", Risk.MAIL,
          "Mail crosses the network as it is unless TLS comes first.", "let the server offer STARTTLS"),
    # Management
    _kind("snmp", "udp/161", "snmpd", Risk.MANAGEMENT,
          "Versions 1 and 2c have one password for all, the community, sent as it is; and the answer to a forged"
          " question is many times its size.", "use SNMPv3, or bind it to the management address"),
    _kind("ldap", "tcp/389", "slapd", Risk.MANAGEMENT,
          "A simple bind sends the password as it is unless TLS comes first.", "offer ldaps (636)"),
    _kind("syslog", "udp/514", "", Risk.MANAGEMENT,
          "Whoever reaches it writes into the log, under any name.", "bind it to the inside address"),
    _kind("ipmi", "udp/623", "", Risk.CONTROL, "It hands out hashes of its passwords.",
          "keep it off all networks but one"),
    # Desktops
    _kind("vnc", "tcp/5900-5909", "Xvnc Xtightvnc Xtigervnc x11vnc vino-server wayvnc", Risk.DESKTOP,
          "Eight characters of password, and what is on the screen crosses the network as it is.",
          "bind it to localhost and come by ssh -L"),
    _kind("x11", "tcp/6000-6063", "Xorg X Xvfb Xephyr Xwayland", Risk.DESKTOP,
          "Whoever gets in reads every key that is pressed.", "start the server with -nolisten tcp"),
    _kind("xdmcp", "udp/177", "", Risk.DESKTOP, "A login screen over X11 in clear text.", "switch XDMCP off"),
    _kind("rdp", "tcp/3389", "xrdp", Risk.LOGIN, "A login that the whole world tries.",
          "put it behind a VPN or a knock"),
    # Messages
    _kind("mqtt", "tcp/1883", "mosquitto", Risk.MESSAGES,
          "Messages and passwords cross the network as they are, and often nobody asks for a password.",
          "listen on 8883 with TLS, with allow_anonymous false"),
    _kind("amqp", "tcp/5672", "", Risk.MESSAGES, "Messages and passwords cross the network as they are.",
          "use amqps (5671)"),
    _kind("irc", "tcp/6667", "ircd", Risk.MESSAGES, "Passwords cross the network as they are.", "use ircs-u (6697)"),
    # Legacy
    _kind("echo", "tcp/7 udp/7", "", Risk.LEGACY, "It answers anything: two of them talk to each other for ever.",
          "switch it off"),
    _kind("discard", "tcp/9 udp/9", "", Risk.LEGACY, "Nobody has needed it for decades.", "switch it off"),
    _kind("daytime", "tcp/13 udp/13", "", Risk.LEGACY, "Nobody has needed it for decades.", "switch it off"),
    _kind("chargen", "tcp/19 udp/19", "", Risk.LEGACY, "It floods whom a forged packet names.", "switch it off"),
    _kind("time", "tcp/37 udp/37", "", Risk.LEGACY, "Nobody has needed it for decades; use NTP.", "switch it off"),
    _kind("systat", "tcp/11", "", Risk.LEGACY, "It tells which processes run.", "switch it off"),
    _kind("netstat", "tcp/15", "", Risk.LEGACY, "It tells who is connected.", "switch it off"),
    _kind("finger", "tcp/79", "in.fingerd fingerd cfingerd", Risk.LEGACY, "It tells who has an account here.",
          "switch it off"),
    _kind("talk", "udp/517-518", "in.talkd in.ntalkd", Risk.LEGACY, "Nobody has needed it for decades.",
          "switch it off"),
    _kind("auth", "tcp/113", "identd oidentd", Risk.LEGACY, "It tells which user holds a connection.",
          "switch it off"),
    _kind("sunrpc", "tcp/111 udp/111", "rpcbind portmap", Risk.LEGACY,
          "It tells where every RPC service listens, and its answer to a forged question is many times its size.",
          "NFSv4 needs none: switch it off"),
    # Data stores
    _kind("redis", "tcp/6379", "redis-server valkey-server keydb-server redict-server", Risk.DATA,
          "By default it asks for no password, and whoever talks to it can write files as its user.",
          "bind 127.0.0.1 -::1 in /etc/redis/redis.conf"),
    _kind("memcached", "tcp/11211 udp/11211", "memcached", Risk.DATA,
          "It asks for no password; by UDP a forged question brings an answer 50,000 times its size.",
          "-l 127.0.0.1 -U 0 in /etc/memcached.conf"),
    _kind("mysql", "tcp/3306 tcp/33060", "mysqld mariadbd", Risk.DATA,
          "A database is for its programs, not for the world.",
          "bind-address = 127.0.0.1"),
    _kind("postgresql", "tcp/5432", "postgres postmaster", Risk.DATA,
          "A database is for its programs, not for the world.",
          "listen_addresses = 'localhost'"),
    _kind("mongodb", "tcp/27017-27019", "mongod mongos", Risk.DATA,
          "Many were emptied and held to ransom because they asked for no password.", "net.bindIp: 127.0.0.1"),
    _kind("elasticsearch", "tcp/9200 tcp/9300", "", Risk.DATA, "Without its security module it asks for no password.",
          "network.host: 127.0.0.1"),
    _kind("couchdb", "tcp/5984", "", Risk.DATA, "A database is for its programs, not for the world.",
          "bind_address = 127.0.0.1"),
    _kind("etcd", "tcp/2379-2380", "etcd", Risk.DATA, "Whoever writes to it commands the cluster.",
          "ask for client certificates"),
    _kind("zookeeper", "tcp/2181", "", Risk.DATA, "It asks for no password.", "clientPortAddress=127.0.0.1"),
    _kind("cassandra", "tcp/9042 tcp/7000", "", Risk.DATA, "By default it asks for no password.",
          "rpc_address: 127.0.0.1"),
    _kind("influxdb", "tcp/8086", "influxd", Risk.DATA, "A database is for its programs, not for the world.", ""),
    _kind("mssql", "tcp/1433 udp/1434", "sqlservr", Risk.DATA, "A database is for its programs, not for the world.",
          ""),
    # Control
    _kind("docker", "tcp/2375", "", Risk.CONTROL, "Whoever talks to it is root on this host.",
          "use the local socket, or ssh"),
    _kind("kubelet", "tcp/10250 tcp/10255", "kubelet", Risk.CONTROL, "It runs commands in containers.", ""),
    _kind("webmin", "tcp/10000", "miniserv.pl", Risk.CONTROL, "An interface to administer the machine.", ""),
    _kind("cockpit", "tcp/9090", "cockpit-tls cockpit-ws", Risk.CONTROL, "An interface to administer the machine.",
          ""),
    _kind("jupyter", "tcp/8889", "jupyter-noteboo jupyter-lab", Risk.CONTROL, "Whoever gets in runs programs.", ""),
    _kind("distcc", "tcp/3632", "distccd", Risk.CONTROL,
          "It runs a compiler, and by that anything, for whoever asks.",
          "--allow only the machines that build"),
    _kind("cups", "tcp/631 udp/631", "cupsd cups-browsed", Risk.CONTROL,
          "Print servers that listened to the world could be made to run commands.", "Listen localhost:631"),
    _kind("debug", "tcp/9229 tcp/5005", "", Risk.CONTROL, "A debugger runs anything.", "bind it to localhost"),
    # Reflectors
    _kind("ssdp", "udp/1900", "minissdpd miniupnpd", Risk.REFLECTOR,
          "It answers forged questions with more than was asked.", ""),
    _kind("mdns", "udp/5353", "avahi-daemon", Risk.REFLECTOR,
          "It tells names and services; it is for the local network alone.", "let it listen inside only"),
    _kind("llmnr", "tcp/5355 udp/5355", "", Risk.REFLECTOR, "Names for the local network alone.",
          "LLMNR=no in resolved.conf"),
    _kind("domain", "tcp/53 udp/53", "named unbound dnsmasq pdns_recursor knot-resolver kresd", Risk.REFLECTOR,
          "A resolver that answers strangers floods whom a forged question names.", "answer your own networks only"),
    _kind("ntp", "udp/123", "", Risk.NONE, "Time, by UDP."),
    # VPNs
    _kind("wireguard", "udp/51820", "", Risk.VPN,
          "It is silent to strangers, yet its port need not be open to them."),
    _kind("openvpn", "udp/1194 tcp/1194", "openvpn", Risk.VPN, "It answers strangers, and so shows what it is."),
    _kind("ipsec", "udp/500 udp/4500", "charon pluto racoon", Risk.VPN,
          "It answers strangers, and so shows what it is."),
    _kind("l2tp", "udp/1701", "xl2tpd", Risk.VPN, "It answers strangers, and so shows what it is."),
    _kind("pptp", "tcp/1723", "pptpd", Risk.VPN, "Its encryption has been broken for years.", "use WireGuard"),
    # Logins and what is meant for everybody
    _kind("ssh", "tcp/22", "sshd dropbear tinysshd", Risk.LOGIN, "A login that the whole world tries, all day long."),
    _kind("https", "tcp/443 udp/443 tcp/8443", "", Risk.NONE, "Web pages under TLS."),
    _kind("pop3s", "tcp/995", "", Risk.NONE, "Mail under TLS."),
    _kind("imaps", "tcp/993", "", Risk.NONE, "Mail under TLS."),
    _kind("submissions", "tcp/465", "exim4 smtpd", Risk.NONE, "Mail under TLS."),
    _kind("ldaps", "tcp/636", "slapd", Risk.NONE, "Directory under TLS."),
    _kind("mqtts", "tcp/8883", "mosquitto", Risk.NONE, "Messages under TLS."),
    _kind("ftps", "tcp/990", "vsftpd proftpd pure-ftpd", Risk.NONE, "Files under TLS."),
    _kind("domain-s", "tcp/853", "", Risk.NONE, "Names under TLS."),
    _kind("dhcp-client", "udp/68 udp/546", "dhclient dhcpcd systemd-network udhcpc", Risk.NONE,
          "This host's own question for an address."),
    _kind("dhcp-server", "udp/67 udp/547", "dhcpd kea-dhcp4 kea-dhcp6 dnsmasq", Risk.NONE,
          "It answers its own network."),
)
# fmt: on
"""Order matters only where a program or a port stands twice: the first one counts."""


NAMES = {kind.name: kind for kind in KINDS}


_OFF = frozenset({Risk.REMOTE_SHELL, Risk.LEGACY})
_OFF_NAMES = frozenset({"ftp", "tftp", "http-proxy", "socks"})


def is_best_off(name: str, risk: Risk | None) -> bool:
    """Whether a service is better switched off than guarded: there is something better, or nobody needs it."""
    return risk in _OFF or name in _OFF_NAMES


def kind_of(program: str, protocol: Protocol, port: int, unit: str = "") -> Kind | None:
    """Recognise a service; None if unknown.

    A program that speaks one thing tells what it is, wherever it listens. One that speaks several (dnsmasq), or
    anything (inetd, nginx), is told by its port; a socket that systemd holds on another port by the name of its unit.
    """
    spoken = [kind for kind in KINDS if program in kind.programs]
    at_home = [kind for kind in spoken or KINDS if kind.usual(protocol, port)]
    named = _of_unit(unit, protocol) if program in {"systemd", ""} else []
    return next(iter(at_home or spoken or named), None)


def _of_unit(unit: str, protocol: Protocol) -> list[Kind]:
    """The kinds that a socket unit may be of, by its name: `ssh.socket`, `sshd.socket`."""
    name, dot, ending = unit.rpartition(".")
    if not dot or ending != "socket":
        return []
    return [
        kind
        for kind in KINDS
        if name in {kind.name, *kind.programs} and any(each.protocol is protocol for each in kind.ports)
    ]
