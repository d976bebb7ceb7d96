"""What a name of Python can do to the machine, and how bad that is at the moment when it happens.

The tables name what is known to do harm. They are no list of what is safe: code that is not plain (see ``plain``)
is read by a person whatever they say, so a gap here never lets code pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from functools import cache

from quarantine.analyzers.words import words

PROCESS, NETWORK, SOCKET, CODE, NATIVE = "process", "network", "socket", "dynamic code", "native code"
DELETE, WRITE, SENSITIVE, TRICK = "file delete", "file write", "sensitive file", "import trick"
DESERIALISE, INTERPRETER, FETCH = "deserialisation", "interpreter internals", "fetch from a service"


class Phase(IntEnum):
    """When a piece of code runs; the later one of two is the worse."""

    OTHER = 0
    USED = 1
    IMPORT = 2


# A name that ends with a dot stands for everything in a module.
_NAMES: dict[str, str] = {
    PROCESS: """os.system os.popen os.startfile os.fork os.forkpty os.posix_spawn os.posix_spawnp os.execl os.execle
        os.execlp os.execlpe os.execv os.execve os.execvp os.execvpe os.spawnl os.spawnle os.spawnlp
        os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe os.kill os.killpg os.setuid os.setgid
        os.chroot subprocess.run subprocess.call subprocess.Popen subprocess.check_call
        subprocess.check_output subprocess.getoutput subprocess.getstatusoutput posix.system posix.fork
        posix.popen posix.execv posix.execve posix.posix_spawn posix.posix_spawnp nt.system nt.startfile
        nt.execv nt.spawnv _posixsubprocess. _winapi.CreateProcess pty.spawn pty.fork commands. popen2.
        asyncio.create_subprocess_exec asyncio.create_subprocess_shell asyncio.subprocess. pexpect. sh.
        plumbum. pip.main pip._internal. runpy.run_path runpy.run_module platform.popen webbrowser.
        antigravity timeit.timeit timeit.repeat timeit.main timeit.Timer cProfile.run cProfile.runctx
        profile.run trace.Trace pdb. bdb. code.interact code.InteractiveInterpreter code.InteractiveConsole
        idlelib. doctest. test.support. distutils.spawn. numpy.f2py. numpy.testing.runstring
        numpy.distutils. torch.utils.collect_env. torch.utils.bottleneck. torch._inductor.codecache.
        IPython.get_ipython""",
    SOCKET: """socket.socket socket.create_connection socket.create_server socket.socketpair socket.fromfd
        _socket.socket ssl.wrap_socket ssl.SSLContext socketserver. http.server. xmlrpc.server. paramiko.
        telnetlib. fabric. websocket. websockets. zmq. ftplib. smtplib. poplib. imaplib. nntplib. scapy.
        dns. pynput. pyautogui. asyncio.open_connection asyncio.start_server multiprocessing.managers.
        multiprocessing.connection. torch.distributed.rpc.""",
    NETWORK: """urllib.request. urllib2. urllib3. urllib.urlopen http.client. requests. httpx. aiohttp. pycurl.
        xmlrpc.client. socket.getaddrinfo socket.gethostbyname socket.gethostbyname_ex torch.hub.
        transformers.dynamic_module_utils. telegram. discord. slack_sdk. urllib.urlretrieve""",
    FETCH: """huggingface_hub. tensorflow.keras.utils.get_file keras.utils.get_file torchvision.datasets.utils.
        wget. transformers.utils.hub. datasets.load_dataset modelscope. tf.keras.utils.get_file
        nltk.download smart_open. fsspec. gcsfs. s3fs. dropbox. openai. anthropic. boto3. botocore. gdown.""",
    CODE: """builtins.eval builtins.exec builtins.compile builtins.execfile types.FunctionType types.CodeType
        types.LambdaType types.MethodType marshal.loads marshal.load marshal. codeop.
        importlib.util.spec_from_loader importlib.util.module_from_spec importlib.machinery.
        importlib.util.spec_from_file_location importlib.abc. imp. importlib._bootstrap. zipimport.
        _frozen_importlib. _frozen_importlib_external. pandas.eval numexpr.evaluate numexpr.NumExpr
        sympy.sympify sympy.parse_expr sympy.lambdify torch.fx.graph_module. logging.config. jinja2.Template
        jinja2.Environment numba.jit_module asteval. simpleeval. RestrictedPython. lib2to3.
        ast.increment_lineno""",
    NATIVE: """ctypes.CDLL ctypes.cdll ctypes.PyDLL ctypes.pydll ctypes.WinDLL ctypes.windll ctypes.OleDLL
        ctypes.oledll ctypes.pythonapi ctypes.LibraryLoader ctypes.CFUNCTYPE ctypes.PYFUNCTYPE
        ctypes.WINFUNCTYPE ctypes.memmove ctypes.memset ctypes.string_at ctypes.cast ctypes.py_object
        ctypes.util. _ctypes. cffi. torch.utils.cpp_extension. torch.ops.load_library
        torch.classes.load_library numpy.ctypeslib. tensorflow.load_op_library tensorflow.load_library
        tf.load_op_library cupy.RawModule cupy.RawKernel pycuda.""",
    DELETE: """os.remove os.unlink os.rmdir os.removedirs shutil.rmtree shutil.move os.rename os.replace os.renames
        os.truncate posix.remove posix.unlink pathlib.Path.unlink pathlib.Path.rmdir send2trash.""",
    WRITE: """os.mkfifo os.mknod os.link os.symlink os.chmod os.chown os.open os.write os.fdopen shutil.copy
        shutil.copy2 shutil.copyfile shutil.copytree shutil.unpack_archive tempfile. pathlib.Path.write_text
        pathlib.Path.write_bytes pathlib.Path.chmod pathlib.Path.symlink_to zipfile.ZipFile tarfile.open
        io.open io.FileIO io.OpenWrapper _io.open _io.FileIO codecs.open builtins.open numpy.save
        numpy.savez numpy.savetxt numpy.memmap torch.save torch.from_file sqlite3. dbm. shelve. fileinput.
        linecache.""",
    DESERIALISE: """pickle.load pickle.loads pickle.Unpickler pickle._loads pickle._load pickle._Unpickler _pickle.load
        _pickle.loads _pickle.Unpickler cPickle. joblib.load dill. cloudpickle. jsonpickle. shelve.open
        yaml.unsafe_load yaml.full_load yaml.UnsafeLoader yaml.Loader yaml.FullLoader yaml.unsafe_load_all
        yaml.full_load_all pandas.read_pickle torch.load torch.jit.load torch.package.
        torch._weights_only_unpickler. torch.serialization. skops.io.load sklearn.externals.
        keras.models.load_model tensorflow.keras.models.load_model tf.keras.models.load_model
        tensorflow.saved_model.load mlflow.pyfunc.load_model numpy.load""",
    TRICK: """typing.get_type_hints builtins.__import__ importlib.import_module importlib.__import__
        importlib.reload sys.modules sys.meta_path sys.path_hooks sys.path_importer_cache sys.settrace
        sys.setprofile sys._getframe sys.addaudithook sys.path pkgutil. pkg_resources. site.
        builtins.globals builtins.breakpoint builtins.__dict__ builtins.__build_class__ gc.get_objects
        gc.get_referrers inspect.currentframe inspect.stack faulthandler. threading.settrace
        sys.breakpointhook sys.displayhook sys.excepthook sys.unraisablehook operator.attrgetter
        operator.methodcaller atexit.register""",
}

RISKY_MODULES = words(
    """os sys subprocess builtins importlib ctypes socket posix nt pty marshal pickle shutil runpy code types
    imp _posixsubprocess _pickle _socket _ctypes __builtins__ multiprocessing urllib requests operator gc"""
)
"""Modules that honest code uses by their attributes alone, and never hands around as values."""

WALKS = words(
    """__subclasses__ __globals__ __builtins__ __code__ __closure__ __mro__ __base__ __bases__ __reduce_ex__
    __loader__ __spec__ __getattribute__ f_globals f_builtins f_locals f_back f_code gi_frame gi_code
    cr_frame ag_frame tb_frame tb_next func_globals func_code __import__ __subclasshook__ load_module
    exec_module get_data _load_unlocked _getframe __self__ __traceback__"""
)
"""Attributes by which one leaves an ordinary value for the interpreter."""

_HARMLESS_WALKS = frozenset(
    {
        "__mro__",
        "__base__",
        "__bases__",
        "__spec__",
        "__self__",
        "__getattribute__",
        "__closure__",
        "__reduce_ex__",
        "__loader__",
        "__traceback__",
        "f_back",
    }
)

DECODERS = words(
    """base64.b64decode base64.b32decode base64.b16decode base64.b85decode base64.a85decode base64.decodebytes
    base64.urlsafe_b64decode base64.standard_b64decode base64.decode zlib.decompress zlib.decompressobj
    bz2.decompress lzma.decompress gzip.decompress binascii.unhexlify binascii.a2b_base64 binascii.a2b_hex
    binascii.a2b_uu codecs.decode codecs.getdecoder builtins.bytes.fromhex builtins.bytearray.fromhex
    builtins.chr marshal.loads marshal.load uu.decode quopri.decodestring"""
)
"""Calls that turn data which nobody can read into text or code."""

_EXCEPTIONS = frozenset(
    {
        "huggingface_hub.PyTorchModelHubMixin",
        "urllib.request.url2pathname",
        "mmap.ACCESS_READ",
        "huggingface_hub.ModelHubMixin",
    }
)


@cache
def _table() -> tuple[dict[str, str], dict[str, str]]:
    exact: dict[str, str] = {}
    whole: dict[str, str] = {}
    for capability, names in _NAMES.items():
        for name in names.split():
            (whole if name.endswith(".") else exact)[name.rstrip(".")] = capability
    return exact, whole


def capability_of(path: str) -> tuple[str, str] | None:
    """(capability, name) of a dotted path; what a library re-exports (``torch.os.system``) is the thing itself."""
    if path in _EXCEPTIONS or path.endswith(("Error", "Exception", "Warning", "Timeout")):
        return None
    for tail in _tails(path):
        found = _capability(tail)
        if found:
            return found, tail
    return None


def _tails(path: str) -> Iterator[str]:
    """The path from each module in it on, the innermost one first."""
    parts = path.split(".")
    for index in range(len(parts) - 2, 0, -1):
        if parts[index] in RISKY_MODULES:
            yield ".".join(parts[index:])
    yield path


def _capability(path: str) -> str | None:
    exact, whole = _table()
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        head = ".".join(parts[:end])
        if head in exact and (end == len(parts) or exact[head] != TRICK or head == "builtins.__import__"):
            return exact[head]
        if head in whole and end < len(parts):
            return whole[head]
    return None


_RULES: dict[str, tuple[str, str, str]] = {
    # capability: rule at import, in use, elsewhere
    PROCESS: ("code-on-import", "code-on-use", "code-capability"),
    SOCKET: ("code-on-import", "code-on-use", "code-capability"),
    NETWORK: ("code-on-import", "code-capability", "code-capability"),
    CODE: ("code-on-import", "code-on-use", "code-capability"),
    FETCH: ("code-capability", "code-capability", "code-capability"),
    NATIVE: ("code-on-use", "code-on-use", "code-capability"),
    DELETE: ("code-on-import", "code-capability", "code-capability"),
    WRITE: ("code-capability", "code-capability", "code-capability"),
    SENSITIVE: ("code-on-import", "code-on-use", "code-capability"),
    TRICK: ("code-capability", "code-capability", "code-capability"),
    DESERIALISE: ("code-capability", "code-capability", "code-capability"),
    INTERPRETER: ("code-on-use", "code-capability", "code-capability"),
}


def rule_of(capability: str, phase: Phase) -> str:
    """The rule for something that happens then."""
    return _RULES[capability][Phase.IMPORT - phase]


def walk_of(attribute: str) -> str | None:
    """INTERPRETER if the attribute leads out of an ordinary value."""
    return INTERPRETER if attribute in WALKS - _HARMLESS_WALKS else None
