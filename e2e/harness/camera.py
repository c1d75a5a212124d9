#!/usr/bin/python3
"""An RTSP camera: GStreamer's RTSP server with a test picture and a tone. Prints its port, serves until killed.

usage: camera.py [--auth none|basic|digest] [--audio opus|aac|pcmu|pcma|none] [--transport any|tcp|udp] [--port N]
                 [--user admin] [--password secret]
Its path is /stream.
"""
import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("--auth", choices=["none", "basic", "digest"], default="none")
parser.add_argument("--audio", choices=["opus", "aac", "pcmu", "pcma", "none"], default="opus")
parser.add_argument("--transport", choices=["any", "tcp", "udp"], default="any")
parser.add_argument("--port", default="0")
parser.add_argument("--user", default="admin")
parser.add_argument("--password", default="secret")
args = parser.parse_args()

Gst.init(None)
AUDIO = {
    "opus": "audio/x-raw,rate=48000,channels=2 ! opusenc ! rtpopuspay pt=97 name=pay1",
    "aac": "audio/x-raw,rate=48000,channels=2 ! avenc_aac ! rtpmp4gpay pt=97 name=pay1",
    "pcmu": "audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1",
    "pcma": "audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1",
}
VIDEO = (
    "videotestsrc is-live=true pattern=ball animation-mode=frames ! video/x-raw,format=I420,width=640,height=360,framerate=30/1 ! "
    "x264enc tune=zerolatency speed-preset=veryfast bitrate=1000 key-int-max=30 ! video/x-h264,profile=baseline ! rtph264pay pt=96 name=pay0"
)
launch = VIDEO
if args.audio != "none":
    launch += f" audiotestsrc is-live=true wave=sine ! audioconvert ! audioresample ! {AUDIO[args.audio]}"

server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(args.port)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(f"( {launch} )")
factory.set_shared(True)
LOWER = GstRtsp.RTSPLowerTrans
factory.set_protocols({"any": LOWER.TCP | LOWER.UDP, "tcp": LOWER.TCP, "udp": LOWER.UDP}[args.transport])

if args.auth != "none":
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "admin")
    if args.auth == "basic":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(args.user, args.password), token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(args.user, args.password, token)
    server.set_auth(auth)
    factory.add_role_from_structure(Gst.Structure.new_from_string("admin,media.factory.access=true,media.factory.construct=true"))

server.get_mount_points().add_factory("/stream", factory)
if server.attach(None) == 0:
    sys.exit("the camera could not listen")
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
