"""What other runtimes compiled, and Java's serialised objects: recognised by name, never opened, never passed.

Engines of TensorRT and the like are machine code for one device; nothing here can say what they do. A stream of Java
objects names the classes that are made from it; those that are known to run commands are told by name.
(https://docs.oracle.com/en/java/javase/21/docs/specs/serialization/protocol.html)
"""

from __future__ import annotations

import re

from quarantine.formats.interface import Node, Source

_JAVA = b"\xac\xed\x00\x05"
# First bytes -> what it is.
_MAGICS = {
    b"ptrt": "a TensorRT engine",
    b"ftrt": "a TensorRT engine",
    b"blrt": "a TensorRT timing cache",
    b"RKNN": "a Rockchip (RKNN) model",
    b"RKNF": "a Rockchip (RKNN) model",
    b"\x01HEF": "a Hailo (HEF) model",
    b"\xb7\x9c\x04\x05\x4f\x8d\xe5\xf7": "parameters of a TVM module",
    b"NVDLA": "an NVDLA loadable",
    b"B\0C\0N\0\0\0": "a CNTK model of the first version",
    b"\x1bLua": "a Lua program",
    b"\x1bLJ": "a LuaJIT program",
}
_CLASS = re.compile(rb"[\x72\x76](?s:(..))([A-Za-z_$\[][\w.$/;\[]{2,250})")
_CLASSES_LIMIT, _BLOCK, _OVERLAP = 64, 1 << 20, 512
# Classes with which objects from a stream are turned into commands, class loading or look-ups elsewhere, as published
# with ysoserial; each is one that no model needs.
_GADGETS = (
    "org.apache.commons.collections.functors. org.apache.commons.collections4.functors. "
    "org.apache.commons.collections.keyvalue.TiedMapEntry org.apache.commons.collections.map.LazyMap "
    "org.apache.commons.collections4.keyvalue.TiedMapEntry org.apache.commons.collections4.map.LazyMap "
    "org.apache.commons.collections4.comparators.TransformingComparator org.apache.commons.beanutils.BeanComparator "
    "com.sun.org.apache.xalan.internal.xsltc.trax.TemplatesImpl org.apache.xalan.xsltc.trax.TemplatesImpl "
    "org.codehaus.groovy.runtime.ConvertedClosure org.codehaus.groovy.runtime.MethodClosure "
    "sun.reflect.annotation.AnnotationInvocationHandler javax.management.BadAttributeValueExpException "
    "com.sun.rowset.JdbcRowSetImpl org.springframework.aop. org.springframework.beans.factory. "
    "org.springframework.core.SerializableTypeWrapper com.mchange.v2.c3p0. org.hibernate.engine.spi.TypedValue "
    "org.hibernate.property. org.hibernate.tuple. org.mozilla.javascript. bsh. clojure. org.python.core. "
    "net.sf.json.JSONObject com.rometools.rome.feed.impl. com.sun.syndication.feed.impl. org.jboss.weld. "
    "org.jboss.interceptor. java.rmi.server. sun.rmi.server. java.lang.ProcessBuilder java.net.URL "
    "java.net.URLClassLoader javax.script.ScriptEngineManager java.lang.reflect.Proxy org.apache.click. "
    "org.apache.wicket.util.upload. org.apache.myfaces. com.vaadin.data.util. java.security.SignedObject "
    "jdk.nashorn. weblogic. org.apache.tomcat.dbcp. java.util.ServiceLoader"
)
_NAMED = tuple(name for name in _GADGETS.split() if not name.endswith("."))
_PACKAGES = tuple(name for name in _GADGETS.split() if name.endswith("."))


class Opaque:
    """Something that is known by its first bytes and cannot be read."""

    name = "opaque"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return head.startswith((_JAVA, *_MAGICS))

    def read(self, node: Node) -> None:
        """Say what it is; nothing is claimed, so that it never passes."""
        head = node.source.read(0, 16)
        if head.startswith(_JAVA):
            _java(node)
        else:
            kind = next(kind for magic, kind in _MAGICS.items() if head.startswith(magic))
            node.finding("format-opaque", kind=kind)
        node.unread()


def _java(node: Node) -> None:
    names: dict[str, int] = {}
    for at in range(0, node.source.size, _BLOCK):
        for match in _CLASS.finditer(node.source.read(at, _BLOCK + _OVERLAP)):
            length = int.from_bytes(match[1], "big")
            if 3 <= length <= len(match[2]):
                names.setdefault(match[2][:length].decode(), at + match.start())
    bad = [name for name in names if name in _NAMED or name.startswith(_PACKAGES)]
    for name in bad[:_CLASSES_LIMIT]:
        node.finding("java-gadget", offset=names[name], name=name)
    node.finding("java-serialized", offset=0, classes=tuple(sorted(names)[:_CLASSES_LIMIT]))
