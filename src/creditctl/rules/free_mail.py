"""Mail providers anybody can have an address at: their domains say nothing about a company."""

from itertools import product

_BRANDS = "aol gmx hotmail live msn outlook yahoo yandex ymail".split()
_SUFFIXES = """
    com net org at be bg by ca ch cl cn cz de dk ee es eu fi fr gr hk hu ie il in it jp kr kz lt lu
    lv my nl no nz pl pt ro rs ru se sg si sk th tr tw ua uk us vn
    co.id co.il co.in co.jp co.kr co.nz co.th co.uk co.za
    com.ar com.au com.br com.cn com.co com.hk com.mx com.my com.pe com.ph com.sg com.tr com.tw
    com.ua com.ve com.vn
""".split()
_PROVIDERS = """
    126.com 139.com 163.com 21cn.com aliyun.com foxmail.com qq.com sina.cn sina.com sohu.com
    vip.qq.com yeah.net
    bk.ru email.cz centrum.cz i.ua inbox.ru inbox.lv interia.pl list.ru mail.ru o2.pl onet.pl
    rambler.ru seznam.cz ukr.net wp.pl ya.ru
    arcor.de bluewin.ch freenet.de mail.de mailbox.org posteo.de posteo.net t-online.de web.de
    bbox.fr free.fr laposte.net neuf.fr orange.fr sfr.fr wanadoo.fr
    alice.it libero.it tin.it tiscali.it virgilio.it
    bigpond.com blueyonder.co.uk btinternet.com ntlworld.com sky.com talktalk.net telenet.be
    virginmedia.com xs4all.nl ziggo.nl
    att.net bellsouth.net charter.net comcast.net cox.net earthlink.net juno.com netzero.net
    optonline.net rogers.com sbcglobal.net shaw.ca sympatico.ca verizon.net
    bol.com.br ig.com.br terra.com.br uol.com.br
    docomo.ne.jp ezweb.ne.jp softbank.ne.jp
    daum.net hanmail.net naver.com rediffmail.com
    duck.com fastmail.com fastmail.fm gmail.com googlemail.com hey.com hush.com hushmail.com
    icloud.com inbox.com mac.com mail.com me.com mozmail.com passport.com pm.me
    privaterelay.appleid.com proton.me protonmail.ch protonmail.com riseup.net rocketmail.com
    runbox.com simplelogin.com tuta.com tuta.io tutanota.com tutanota.de windowslive.com
    zoho.com zohomail.com
    10minutemail.com dispostable.com getnada.com guerrillamail.com mailinator.com maildrop.cc
    sharklasers.com temp-mail.org tempmail.com trashmail.com yopmail.com
""".split()
FREE_MAIL_DOMAINS = frozenset(
    [*_PROVIDERS, *(f"{brand}.{suffix}" for brand, suffix in product(_BRANDS, _SUFFIXES))]
)


def is_free_mail(domain: str) -> bool:
    """Whether the domain, in ASCII lower case, or one above it is a free-mail provider's."""
    labels = domain.split(".")
    return any(".".join(labels[start:]) in FREE_MAIL_DOMAINS for start in range(len(labels)))
